package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/config"
)

// tested is what test --json prints.
type tested struct {
	Recipient string    `json:"recipient"`
	Kind      string    `json:"kind"`
	Event     string    `json:"event"`
	ID        bridge.ID `json:"id"`
	Taken     bool      `json:"taken"`
	Steps     []string  `json:"steps"`
	Peer      string    `json:"peer,omitempty"`
	Answer    string    `json:"answer,omitempty"`
	TookMS    float64   `json:"took_ms"`
	Error     string    `json:"error,omitempty"`
	Status    string    `json:"status,omitempty"` // one word for it, such as misconfigured
	Notes     []string  `json:"notes,omitempty"`
}

func (f *testFlags) send(ctx context.Context, out io.Writer, conf *config.Config, p *app.Probe, e bridge.Event) error {
	rec, err := p.Deliver(ctx, e)
	t := tested{
		Recipient: p.Name, Kind: p.Kind, Event: e.Name, ID: e.ID, Taken: err == nil, Steps: append([]string{}, rec.Steps...),
		Peer: rec.Peer, Answer: rec.Answer, TookMS: float64(rec.Took.Microseconds()) / 1000, Notes: app.SampleNotes(conf, p.Name, &e),
	}
	if err != nil {
		t.Error = err.Error()
		var de *bridge.DeliveryError
		if errors.As(err, &de) {
			t.Status = de.Status
		}
	}
	var perr error
	if f.json {
		perr = printJSON(out, t, "")
	} else {
		perr = t.print(out, rec.Took)
	}
	if perr != nil || err != nil {
		return failed(perr)
	}
	return nil
}

func (t *tested) print(out io.Writer, took time.Duration) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s, id %s\n", printable(t.Recipient), t.Kind, printable(t.Event), t.ID)
	printSteps(&b, t.Steps)
	switch {
	case t.Taken:
		fmt.Fprintf(&b, "taken by %s in %v: %s\n", printable(t.Peer), rounded(took), oneLine(t.Answer))
	default:
		fmt.Fprintf(&b, "not taken, after %v: %s\n", rounded(took), oneLine(t.Error))
		if t.Answer != "" && !strings.Contains(t.Error, t.Answer) {
			fmt.Fprintf(&b, "the answer: %s\n", oneLine(t.Answer))
		}
		if t.Status != "" {
			fmt.Fprintf(&b, "that is: %s\n", statusText(t.Status))
		}
	}
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "note: %s\n", printable(n))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// statusText says what a status asks for.
func statusText(status string) string {
	switch status {
	case "misconfigured":
		return "misconfigured: another setting is needed, here or there"
	case "gone":
		return "gone: nobody takes events there any longer; the bridge tries once an hour"
	}
	return printable(status)
}

// printSteps prints what happened, a line each.
func printSteps(out io.Writer, steps []string) {
	for _, s := range steps {
		fmt.Fprintf(out, "  %s\n", printable(s))
	}
}

// oneLine gives a text as one line for a terminal.
func oneLine(s string) string {
	parts := slices.DeleteFunc(strings.FieldsFunc(s, func(r rune) bool { return r == '\r' || r == '\n' }), func(p string) bool { return strings.TrimSpace(p) == "" })
	return printable(strings.Join(parts, "; "))
}

// rounded leaves a duration so precise as people want it.
func rounded(d time.Duration) time.Duration {
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}
