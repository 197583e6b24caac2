package app

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/spool"
)

// TestCountOfLettersEnds: a stop waits for no count, and says nothing of it.
func TestCountOfLettersEnds(t *testing.T) {
	o := spool.Defaults()
	o.Dir = t.TempDir()
	sp, err := spool.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer sp.Close()
	if err := os.WriteFile(filepath.Join(o.Dir, "dead", "0000000000000001.rec"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	a := newApp(&config.Config{StateDir: o.Dir}, Options{Log: zerolog.New(&log)}, sp)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := a.countLetters(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a count of what nobody waits for: %v", err)
	}
	if err := a.watchLetters(ctx); err != nil || log.Len() > 0 {
		t.Errorf("%v; log %s", err, log.String())
	}
	if err := a.countLetters(t.Context()); err != nil {
		t.Error(err)
	}
}
