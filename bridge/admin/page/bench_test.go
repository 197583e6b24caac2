package page

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/status"
)

// BenchmarkStatus is what a look at a hundred recipients costs.
func BenchmarkStatus(b *testing.B) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("recipient-%03d", i))
	}
	snap := snapOf(names...)
	h := New(Options{Snapshot: func(context.Context) (*status.Snapshot, error) { return snap, nil }, Reader: &fakeReader{}, Guard: admin.NewGuard(zerolog.Nop())})
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
}
