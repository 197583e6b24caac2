package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// statusView prints a snapshot for people, readable at 100 columns. After an
// error it prints no more.
type statusView struct {
	out io.Writer
	s   *status.Snapshot
	one bool // it is of its one recipient
	err error
}

// Widths, in cells of a terminal. A row with a long name may be wider than
// statusWidth: names that can't be told apart are of no use.
const (
	statusWidth = 100
	nameWidth   = 40
	cellWidth   = 18
)

func (t *statusView) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.out, format+"\n", args...)
	}
}

// text prints a text from outside in lines of bounded width, indented but for
// the first, whose beginning is mark.
func (t *statusView) text(mark, s string) {
	indent := strings.Repeat(" ", len([]rune(mark)))
	for i, l := range wrapped(printable(s), statusWidth-len(indent)) {
		if i > 0 {
			mark = indent
		}
		t.line("%s%s", mark, l)
	}
}

func (t *statusView) head() {
	s := t.s
	ready := "ready"
	if !s.Ready {
		ready = "not ready"
	}
	t.text("", fmt.Sprintf("tailpost %s on %s: %s; running for %s, since %s", s.Version, cmp.Or(s.Host, "this machine"), ready,
		age(s.Taken.Sub(s.Started)), s.Started.UTC().Format(time.RFC3339)))
	for _, why := range s.NotReady {
		t.text("  ", why)
	}
	t.line("")
}

func (t *statusView) recipients() {
	w := t.table("RECIPIENT", "KIND", "STATE", "WAITING", "OLDEST", "DEAD", "LAST OK", "NEXT TRY", "ALERT")
	for i := range t.s.Recipients {
		r := &t.s.Recipients[i]
		w.row(r.Name, r.Kind, string(r.State), manyText(int64(r.Waiting)), t.ago(r.Oldest), manyText(int64(r.Letters)),
			t.ago(r.LastSuccess), t.until(r.NextTry), dash(r.Alert, "none"))
		if r.State != status.OK && r.State != status.Untried {
			w.note(r.Text)
		}
	}
	w.print()
}

func (t *statusView) sources() {
	w := t.table("SOURCE", "KIND", "STATE", "BEHIND", "FOR", "LAST LINE", "READ", "EVENTS", "QUARANTINED")
	for i := range t.s.Sources {
		s := &t.s.Sources[i]
		behind, late := "-", "-"
		if s.LagBytes > 0 {
			behind, late = bytesText(s.LagBytes), age(time.Duration(s.LagSeconds*float64(time.Second)))
		}
		w.row(s.Name, s.Kind, string(s.State), behind, late, t.ago(s.LastLine), manyText(s.Read), manyText(s.Events), manyText(s.Quarantined))
		if s.Text != "" {
			w.note(s.Text)
		}
		t.files(w, s)
	}
	w.print()
}

// filesShown bounds the files that are shown of a source.
const filesShown = 3

func (t *statusView) files(w *statusTable, s *status.Source) {
	if len(s.Files) == 0 {
		w.note(s.Target)
		return
	}
	for i, f := range s.Files {
		if i == filesShown {
			break
		}
		w.note(fmt.Sprintf("%s at %d of %d bytes", f.Path, f.Position, f.Size))
	}
	if n := len(s.Files) - filesShown + s.Others; n > 0 && len(s.Files) >= filesShown {
		w.note(fmt.Sprintf("and %d more", n))
	}
}

func (t *statusView) rest() {
	sp := &t.s.Spool
	holder := ""
	if sp.Holder != "" {
		holder = "; " + sp.Holder + " holds the oldest"
	}
	free := "its disk can't be asked what is free"
	if sp.Free >= 0 {
		free = bytesText(sp.Free) + " free on the disk"
	}
	t.text("spool          ", fmt.Sprintf("%s held by events; %s of %s in use, with what is taken in advance, in %s%s; %s",
		bytesText(sp.Held), bytesText(sp.Wanted), bytesText(sp.MaxBytes), count(sp.Segments, "segment"), holder, free))
	for _, why := range []string{sp.Full, sp.Failing, sp.JournalFailing} {
		if why != "" {
			t.text("               ", why)
		}
	}
	b := &t.s.Balance
	switch {
	case len(b.Problems) > 0:
		t.text("balance        ", strings.Join(b.Problems, "; "))
	case b.Checked.IsZero():
		t.line("balance        not looked at yet")
	default:
		t.line("balance        all sums fit, %s ago", t.ago(b.Checked))
	}
	c := &t.s.Configuration
	t.text("configuration  ", fmt.Sprintf("%s, in force since %s", cmp.Or(c.Path, "-"), c.Applied.UTC().Format(time.RFC3339)))
	if r := t.s.Relay; r != nil {
		t.text("mail server    ", r.Server+": "+r.Text)
	}
}

func (t *statusView) needs() {
	t.line("")
	switch n := len(t.s.Needs); n {
	case 0:
		t.fares()
		return
	case 1:
		t.line("1 thing needs a person:")
	default:
		t.line("%d things need a person:", n)
	}
	for _, n := range t.s.Needs {
		mark := "- "
		if n.Grave {
			mark = "! "
		}
		what := n.Kind
		if n.Name != "" {
			what += " " + n.Name
		}
		t.text(mark, what+": "+n.Text)
		t.text("  > ", n.To)
	}
}

// fares says how it fares where nothing needs a person.
func (t *statusView) fares() {
	of := t.s
	if t.one {
		of = &status.Snapshot{Ready: true, Recipients: t.s.Recipients}
	}
	if ails := of.Ailing(); ails != "" {
		t.text("", "nothing needs a person yet: "+ails)
		return
	}
	t.line("all is well")
}

// ago is how long something has been when the snapshot was taken.
func (t *statusView) ago(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return age(t.s.Taken.Sub(at))
}

func (t *statusView) until(at time.Time) string {
	switch d := at.Sub(t.s.Taken); {
	case at.IsZero():
		return "-"
	case d <= 0:
		return "now"
	default:
		return "in " + age(d)
	}
}

// dash stands for what says nothing.
func dash(s, nothing string) string {
	if s == nothing || s == "" {
		return "-"
	}
	return s
}
