package ingest

import (
	"errors"
	"testing"
	"testing/synctest"
)

// TestRejectedCountsWhatIsDurable: lines that a failed record would have taken
// are not counted twice.
func TestRejectedCountsWhatIsDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemStore()
		m.fail, m.failures = errors.New("too big for the spool"), 2
		before := New(Config{Name: "src", Store: m})
		if before.Restored() {
			t.Error("totals are known before Run")
		}
		in, err := run(t, m, &script{batches: [][]string{{"?", "?", "a"}, {"b"}, {"?", "c"}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := in.Rejected(); got != (Rejected{Lines: 3, Reason: "no line of ours"}) || !in.Restored() {
			t.Errorf("rejected %+v, restored %v", got, in.Restored())
		}
		again, err := run(t, m, &script{batches: [][]string{{"?"}, {"b"}, {"?"}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := again.Rejected(); got != (Rejected{}) || again.Totals().Quarantined != 3 {
			t.Errorf("after a start: rejected %+v, totals %+v", got, again.Totals())
		}
	})
}
