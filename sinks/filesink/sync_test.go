package filesink

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/tailpost/tailpost/bridge"
)

func deliverTo(t *testing.T, s *Sink, n byte) error {
	_, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{{ID: bridge.ID{n}}}})
	return err
}

// Nothing is acknowledged before the sync that covers it, and what comes
// meanwhile shares the next one.
func TestSyncBeforeAcknowledging(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		syncs, release := 0, make(chan struct{})
		s.out.(*file).sync = func(*os.File) error {
			syncs++
			<-release
			return nil
		}
		var mu sync.Mutex
		done := 0
		var wg sync.WaitGroup
		deliver := func(n byte) {
			wg.Go(func() {
				if err := deliverTo(t, s, n); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				done++
			})
		}
		deliver(0)
		synctest.Wait() // the first is in its sync
		for n := range byte(10) {
			deliver(n + 1)
		}
		synctest.Wait()
		if done != 0 {
			t.Errorf("%d acknowledged before a sync", done)
		}
		close(release)
		wg.Wait()
		if syncs != 2 || done != 11 {
			t.Errorf("%d syncs for %d deliveries, want 2 for 11", syncs, done)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A sync that failed is not tried again on the same file: the line comes
// again, in a file that is opened anew.
func TestFailedSync(t *testing.T) {
	s, err := New(Options{Path: filepath.Join(t.TempDir(), "f")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	broken := errors.New("input/output error")
	var files []*os.File
	f := s.out.(*file)
	f.sync = func(f *os.File) error {
		files = append(files, f)
		if len(files) == 1 {
			return broken
		}
		return nil
	}
	var de *bridge.DeliveryError
	if err := deliverTo(t, s, 1); !errors.As(err, &de) || !errors.Is(err, broken) || !de.Down {
		t.Fatalf("err = %v", err)
	}
	if err := deliverTo(t, s, 1); err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 || files[0] == files[1] {
		t.Errorf("the failed file is used on: %v", files)
	}
}
