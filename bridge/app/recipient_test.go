package app

import (
	"testing"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/spool"
)

// TestReplacedBeforeItBegan: two reloads in a row, and nobody has run the
// first one's service yet. Its queue must not keep the second one out.
func TestReplacedBeforeItBegan(t *testing.T) {
	o := spool.Defaults()
	o.Dir = t.TempDir()
	sp, err := spool.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer sp.Close()
	a := newApp(&config.Config{}, Options{Log: zerolog.Nop()}, sp)
	made := func() *service {
		return &service{item: config.Item{Name: "r", Kind: "file"}, policy: dispatch.Defaults(""), sink: struct{ bridge.Sink }{}}
	}
	first := made()
	if first.queue, err = sp.Serve(first.standing()); err != nil {
		t.Fatal(err)
	}
	r := a.assign("r", first)
	a.assign("r", made())
	q, err := sp.Serve(a.begin(r).standing())
	if err != nil {
		t.Fatalf("the second one is not served: %v", err)
	}
	q.Close()
}

// TestWaitingForOneThatHasEnded: a reload tells how many events wait for whom
// it has removed, however quickly the worker ended.
func TestWaitingForOneThatHasEnded(t *testing.T) {
	o := spool.Defaults()
	o.Dir = t.TempDir()
	sp, err := spool.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	run := newGroup(t.Context(), make(chan error, 1))
	run.run("spool", sp.Run)
	defer func() { run.stop(); _ = sp.Close() }()
	q, err := sp.Serve(spool.Recipient{Name: "r", Kind: "file"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sp.Append(t.Context(), spool.Ingest{Source: "s", Events: [][]byte{[]byte("1"), []byte("2")}}); err != nil {
		t.Fatal(err)
	}
	q.Close()
	a := newApp(&config.Config{}, Options{Log: zerolog.Nop()}, sp)
	if n := a.waitingFor("r"); n != 2 {
		t.Errorf("%d wait, want 2", n)
	}
}
