package app

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/spool"
)

// withSpool opens the spool of a configuration for a moment.
func withSpool(t *testing.T, c *config.Config, do func(sp *spool.Spool)) {
	t.Helper()
	so := c.Spool
	so.Dir = c.StateDir
	sp, err := spool.Open(t.Context(), so)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- sp.Run(ctx) }()
	do(sp)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := sp.Close(); err != nil {
		t.Error(err)
	}
}

func TestAuditFits(t *testing.T) {
	c := load(t, t.TempDir(), toFile("out")+`[[recipients.file]]
name = "some"
path = "some.jsonl"
events = ["support_conference_begin"]
`)
	if _, _, err := runOnce(t, c, line+"nothing\n"+line+`{"event":"other","timestamp":3}`+"\n"); err != nil {
		t.Fatal(err)
	}
	b, err := Audit(c.StateDir)
	if err != nil || len(b.Problems) > 0 {
		t.Fatalf("%+v, %v", b, err)
	}
	if len(b.Sources) != 1 || len(b.Recipients) != 2 || b.Given != 2 {
		t.Fatalf("%+v", b)
	}
	s := b.Sources[0]
	if s.Source != "in" || s.Read != 4 || s.Parsed != 2 || s.Quarantined != 1 || s.Ignored != 1 || s.Events != 2 {
		t.Errorf("source %+v", s)
	}
	out, some := b.Recipients[0], b.Recipients[1]
	if out.Recipient != "out" || out.Events != 2 || out.Delivered != 2 {
		t.Errorf("recipient %+v", out)
	}
	if some.Recipient != "some" || some.Events != 2 || some.Filtered+some.Waiting != 2 {
		t.Errorf("recipient %+v", some)
	}
}

func TestAuditOfWhatDoesNotFit(t *testing.T) {
	for name, y := range map[string]struct {
		totals string
		events int
		want   string
	}{
		"lines":      {`{"read":5,"parsed":2,"open":1,"events":1}`, 0, "source in: 5 lines were read, and 3 are accounted for"},
		"events":     {`{"read":1,"parsed":1,"events":3}`, 0, "the sources gave 3 events, and 1 numbers were given out"},
		"too many":   {`{"read":1,"parsed":1,"events":1}`, 1, "the sources gave 1 events, and 2 numbers were given out"},
		"it all fit": {`{"read":2,"parsed":2,"events":2}`, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := load(t, t.TempDir(), toFile("out"))
			if _, _, err := runOnce(t, c, line); err != nil {
				t.Fatal(err)
			}
			withSpool(t, c, func(sp *spool.Spool) {
				in := spool.Ingest{Source: "in", Changes: []bridge.Entry{{Key: []byte("c"), Value: []byte(y.totals)}}}
				for range y.events {
					e := bridge.Event{Name: bridge.EventEnd, Version: "1"}
					in.Events = append(in.Events, e.AppendWire(nil))
				}
				if _, err := sp.Append(t.Context(), in); err != nil {
					t.Fatal(err)
				}
			})
			b, err := Audit(c.StateDir)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(b.Problems, "; "); got != y.want {
				t.Errorf("problems %q, want %q", got, y.want)
			}
			// A running bridge says so once.
			var log bytes.Buffer
			a := newApp(c, Options{Log: zerolog.New(&log)}, nil)
			said := a.checkBalance(a.checkBalance(""))
			if said != y.want || strings.Count(log.String(), "a sum doesn't fit") != min(1, len(y.want)) {
				t.Errorf("said %q:\n%s", said, log.String())
			}
		})
	}
}

// TestAuditSaysWhere: the first number that is missing, and the first event
// that a recipient whose sum doesn't fit isn't done with.
func TestAuditSaysWhere(t *testing.T) {
	c := load(t, t.TempDir(), toFile("out"))
	out, _, err := runOnce(t, c, line+line+line)
	if err != nil {
		t.Fatal(err)
	}
	v, err := spool.Look(c.StateDir)
	if err != nil || len(v.Segments) == 0 {
		t.Fatalf("%+v, %v", v, err)
	}
	sg := &v.Segments[len(v.Segments)-1]
	sg.Next++ // as if the last one could not be read
	v.Recipients[0].Stats.Given++
	v.Recipients[0].Stats.Frontier = sg.First + 1
	b := &Balance{}
	b.recipient(v.Recipients[0])
	if err := b.locate(c.StateDir, v); err != nil {
		t.Fatal(err)
	}
	second := strings.Split(out, "\n")[1]
	id := second[strings.Index(second, `"id":"`)+6:][:32]
	want := []string{
		fmt.Sprintf("recipient out: 4 events were given out since its first number, %x, and 3 are accounted for", v.Recipients[0].Stats.First),
		fmt.Sprintf("the first number that is missing is %x: it should stand in segment %s", sg.Next-1, sg.File),
		fmt.Sprintf("recipient out is done with all events below number %x; the first one from there on: number %x, id %s", sg.First+1, sg.First+1, id),
	}
	if got := strings.Join(b.Problems, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("problems\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
