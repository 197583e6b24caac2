package spool_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// TestCountDeadEnds: a stop doesn't wait for a gibibyte to be read, in either of
// the passes over it.
func TestCountDeadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		q := s.queue("r")
		s.add("a", "one", "two", "three")
		_, numbers := texts(t, q)
		for _, n := range numbers { // a file each
			if err := q.Bury(t.Context(), n, bytes.Repeat([]byte("x"), 4<<20)); err != nil {
				t.Fatal(err)
			}
		}
		for _, tc := range []struct {
			name  string
			stops int // at the opening of this file
			wants int // files opened
		}{
			{"not at all", 0, 6},
			{"as it looks for strikes", 2, 2},
			{"as it looks for letters", 4, 4},
		} {
			ctx, stop := context.WithCancel(t.Context())
			opened := 0
			fs.SetFault(func(op spooltest.Op, name string) error {
				if op == spooltest.Open && strings.HasSuffix(name, ".rec") {
					if opened++; opened == tc.stops {
						stop()
					}
				}
				return nil
			})
			got, err := spool.CountDeadFS(ctx, fs, dir)
			fs.SetFault(nil)
			if tc.stops == 0 && (err != nil || got["r"] != 3) || tc.stops > 0 && !errors.Is(err, context.Canceled) || opened != tc.wants {
				t.Errorf("%s: %v, %v; %d files were opened", tc.name, got, err, opened)
			}
			stop()
		}
	})
}
