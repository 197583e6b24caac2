package ingest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// One Ingest follows another for the same source. A replay that the first one
// has begun ends before the second one begins; from then on only that replays.
func TestSuccessorWaitsForAReplay(t *testing.T) {
	m := inQuarantine(t, "a", "b")
	synctest.Test(t, func(t *testing.T) {
		turn := NewTurn()
		ingest := func() *Ingest {
			return New(Config{Name: "src", Options: Options{Format: "toy"}, Source: &script{batches: [][]string{{"c"}}}, NewParser: newToy, Store: m, Turn: turn})
		}
		first, second := ingest(), ingest()
		reading, goOn := make(chan struct{}), make(chan struct{})
		replayed := make(chan error, 1)
		go func() {
			_, err := first.Replay(t.Context(), func() ([]QuarantinedLine, error) {
				close(reading)
				<-goOn
				return m.lines()
			})
			replayed <- err
		}()
		<-reading
		first.Retire()
		ran := make(chan error, 1)
		go func() { ran <- second.Run(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-ran:
			t.Fatalf("it ran during the replay: %v", err)
		default:
		}
		close(goOn)
		if err := <-replayed; err != nil {
			t.Error(err)
		}
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if _, err := first.Replay(t.Context(), m.lines); !errors.Is(err, ErrRetired) {
			t.Errorf("the first one still replays: %v", err)
		}
		if got := second.Totals(); got.Read != got.Sum() || got.Quarantined != 0 || got.Events == 0 {
			t.Errorf("totals %+v", got)
		}
	})
}

// Stopped before it has begun: that is no failure.
func TestStoppedBeforeItBegins(t *testing.T) {
	turn := NewTurn()
	turn <- struct{}{} // somebody else's
	in := New(Config{Name: "src", Options: Options{Format: "toy"}, Source: &script{}, NewParser: newToy, Store: newMemStore(), Turn: turn})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := in.Run(ctx); err != nil {
		t.Error(err)
	}
}
