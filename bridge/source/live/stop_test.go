package live

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/source/sourcetest"
)

func TestEmitErrorEnds(t *testing.T) {
	want := errors.New("spool is closed")
	s, path, l := streams(t, nil)
	r := run(t, s, l, func(context.Context, bridge.Batch) error { return want })
	c := dial(t, path)
	send(t, c, "a\n")
	select {
	case err := <-r.done:
		close(r.done)
		if !errors.Is(err, want) {
			t.Errorf("error %v", err)
		}
	case <-time.After(patience):
		t.Fatal("it goes on")
	}
}

func TestStopTakesWhatHasArrived(t *testing.T) {
	const lines = 500
	s, path, l := streams(t, func(o *StreamOptions) { o.Ack = true })
	in := newInbox(t)
	in.gate = make(chan struct{})
	r := run(t, s, l, in.emit)
	c := dial(t, path)
	send(t, c, strings.Repeat("a line\n", lines)+"half a li")
	sourcetest.Eventually(t, "read", func() bool { return in.busy.Load() })
	r.stop()
	close(in.gate)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if got := in.await(lines + 1)[lines]; got.line != "half a li" || got.end != "the bridge was stopped before the line's newline" {
		t.Errorf("the rest is %+v", got)
	}
	got, err := io.ReadAll(c)
	if err != nil || len(got) != 3*lines {
		t.Errorf("%d bytes of acknowledgements, %v", len(got), err)
	}
}

func TestStopDoesNotWaitForARoomForEver(t *testing.T) {
	s, path, l := streams(t, func(o *StreamOptions) { o.Ack = true })
	in := newInbox(t)
	in.gate = make(chan struct{}) // no emit ever ends
	r := run(t, s, l, in.emit)
	c := dial(t, path)
	send(t, c, "a line\n")
	sourcetest.Eventually(t, "read", func() bool { return in.busy.Load() })
	began := time.Now()
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > lastEmits+2*time.Second {
		t.Errorf("it took %v", took)
	}
	if got, _ := io.ReadAll(c); len(got) > 0 {
		t.Errorf("acknowledged: %q", got)
	}
	if st := s.Stats(); st.Abandoned != 1 || l.count("could not be made durable before the end") != 1 {
		t.Errorf("stats %+v", st)
	}
}
