package spool_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// TestLockWait waits for another process, and names it in the end.
func TestLockWait(t *testing.T) {
	for _, test := range []struct {
		name     string
		wait     time.Duration
		free     time.Duration // when the other one ends
		wantTime time.Duration // at least
		wantErr  string
	}{
		{name: "it is free", free: 0},
		{name: "no waiting", free: time.Hour, wantErr: "process 4711"},
		{name: "it ends in time", wait: 15 * time.Second, free: 5 * time.Second, wantTime: 5 * time.Second},
		{name: "it doesn't", wait: 15 * time.Second, free: time.Hour, wantTime: 15 * time.Second, wantErr: "process 4711"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New(0)
				first, err := spool.Open(t.Context(), options(fs))
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan error)
				go func() {
					time.Sleep(test.free)
					done <- first.Close()
				}()
				synctest.Wait()
				if test.free == 0 {
					if err := <-done; err != nil {
						t.Fatal(err)
					}
				}
				o := options(fs)
				o.LockWait = test.wait
				begun := time.Now()
				s, err := spool.Open(t.Context(), o)
				if (err != nil) != (test.wantErr != "") || err != nil && !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("error %v, want one with %q", err, test.wantErr)
				}
				if took := time.Since(begun); took < test.wantTime || took > test.wantTime+time.Second {
					t.Errorf("it took %v", took)
				}
				if err == nil {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				}
				if test.free > 0 {
					<-done
				}
			})
		})
	}
}

func TestLockWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		o := options(fs)
		o.LockWait = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := spool.Open(ctx, o); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		s.mustEnd()
	})
}
