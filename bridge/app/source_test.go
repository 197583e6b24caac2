package app

import (
	"testing"
	"testing/synctest"

	"github.com/tailpost/tailpost/bridge/ingest"
)

// Who comes in the place of a source begins where that one has ended, not
// where it was when it was told to.
func TestEndWaitsForTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &app{}
		stopped := false
		s := &source{name: "s", stop: func() { stopped = true }, done: make(chan struct{}), ingest: ingest.New(ingest.Config{Name: "s"})}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			a.end([]*source{s})
		}()
		synctest.Wait()
		select {
		case <-ended:
			t.Fatal("it waits for nobody")
		default:
		}
		if !stopped {
			t.Error("it isn't stopped")
		}
		close(s.done)
		<-ended
		if _, err := s.ingest.Replay(t.Context(), nil); err != ingest.ErrRetired {
			t.Errorf("a replay by who has ended: %v", err)
		}
	})
}
