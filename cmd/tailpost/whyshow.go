package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/app"
)

// whyText is what why prints for people.
type whyText struct{ b strings.Builder }

func (s *whyText) line(format string, args ...any) { fmt.Fprintf(&s.b, format+"\n", args...) }

// placesShown bounds how many lines of a message are listed.
const placesShown = 20

func (s *whyText) event(w *app.Why) {
	s.line("id         %s", w.ID)
	s.line("number     %s", w.Number)
	e, err := bridge.DecodeEvent(w.Event)
	if len(w.Event) == 0 || err != nil {
		s.line("event      no longer in the spool; only its attempts are remembered")
		return
	}
	s.line("event      %s", printable(e.Name))
	s.line("happened   %s", time.Unix(e.Timestamp, 0).UTC().Format(time.RFC3339))
	s.line("session    %s", cmp.Or(printable(e.Session), "none"))
	s.line("key        %s", cmp.Or(printable(e.ExternalKey), "none"))
	from := fmt.Sprintf("source %s, format %s", printable(e.Source.Name), printable(e.Source.Format))
	if e.Source.Host != "" {
		from += ", host " + printable(e.Source.Host)
	}
	s.line("from       %s", from)
	switch len(w.From) {
	case 0:
		s.line("           byte %d of its stream", e.Source.Offset)
	case 1:
		s.line("           %s", placeText(w.From[0]))
	default:
		s.line("           a message in %d lines:", len(w.From))
		for i, p := range w.From[:min(len(w.From), placesShown)] {
			s.line("           %3d. %s", i+1, placeText(p))
		}
		if more := len(w.From) - placesShown; more > 0 {
			s.line("                … and %d more", more)
		}
	}
}

func placeText(p bridge.Place) string {
	return fmt.Sprintf("%s, bytes %d to %d", cmp.Or(printable(p.Stream), "?"), p.Offset, p.Offset+p.Bytes)
}

func (s *whyText) recipient(f *app.Fate) {
	name := printable(f.Recipient)
	if !f.Configured {
		name += " (not configured any longer)"
	}
	s.line("%s: %s", name, oneLine(f.Says))
	if f.Filter != "" {
		s.line("  filter   %s", f.Filter)
	}
	for _, a := range f.First {
		s.attempt(&a)
	}
	if f.Between > 0 {
		s.line("           … %s more", numbered(f.Between, "attempt", "attempts"))
	}
	for _, a := range f.Last {
		s.attempt(&a)
	}
	if f.Next != "" {
		s.line("  next     %s", f.Next)
	}
}

// attempt prints one: its number, its time, who answered, what, how long it
// took.
func (s *whyText) attempt(a *bridge.Attempt) {
	what := "taken: " + oneLine(a.Answer)
	if a.Err != "" {
		what = oneLine(a.Err)
		if a.Answer != "" && strings.HasSuffix(a.Err, " answered "+a.Answer) {
			what = oneLine(a.Answer) // the recipient's line has its address
		}
		if a.Status != "" {
			what = printable(a.Status) + ": " + what
		}
	}
	s.line("  %-8s %s  %s  %v  %s", fmt.Sprintf("#%d", a.Nth), a.At.UTC().Format(time.RFC3339), cmp.Or(printable(a.Peer), "-"), rounded(a.Took), what)
}

// whyJSON is what why --json prints.
type whyJSON struct {
	*app.Why
	Recipients []fateJSON `json:"recipients"`
}

type fateJSON struct {
	app.Fate
	First []attemptJSON `json:"first"`
	Last  []attemptJSON `json:"last"`
}

type attemptJSON struct {
	Nth    int       `json:"nth"`
	At     time.Time `json:"at"`
	TookMS float64   `json:"took_ms"`
	Peer   string    `json:"peer,omitempty"`
	Answer string    `json:"answer,omitempty"`
	Error  string    `json:"error,omitempty"`
	Status string    `json:"status,omitempty"`
	Dead   bool      `json:"dead,omitempty"`
}

func wholeWhy(w *app.Why) whyJSON {
	out := whyJSON{Why: w, Recipients: []fateJSON{}}
	for _, f := range w.Recipients {
		out.Recipients = append(out.Recipients, fateJSON{Fate: f, First: attemptsJSON(f.First), Last: attemptsJSON(f.Last)})
	}
	return out
}

func attemptsJSON(as []bridge.Attempt) []attemptJSON {
	out := []attemptJSON{}
	for _, a := range as {
		out = append(out, attemptJSON{
			Nth: a.Nth, At: a.At.UTC(), TookMS: float64(a.Took.Microseconds()) / 1000,
			Peer: a.Peer, Answer: a.Answer, Error: a.Err, Status: a.Status, Dead: a.Dead,
		})
	}
	return out
}
