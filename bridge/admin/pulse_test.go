package admin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/status"
)

// TestWhatHangsHoldsUpNobody: while a write hangs, and with it whoever gathers a
// snapshot, everybody is told so within five seconds, and one goroutine waits
// for all of them. Then all is as before.
func TestWhatHangsHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var looks atomic.Int32
		release := make(chan struct{})
		p := NewPulse(func() *status.Snapshot {
			looks.Add(1)
			<-release
			return &status.Snapshot{Version: "v", Ready: true}
		}, nil)
		metrics := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := p.Snapshot(r.Context()); err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
			}
		})
		h := NewListener(ListenerOptions{Actions: &fake{}, Guard: NewGuard(zerolog.Nop()), Pulse: p, Metrics: metrics}).handler(false)
		get := func(path string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			return w
		}
		paths := []string{"/healthz", "/readyz", "/api/status", "/metrics"}
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				begun := time.Now()
				w := get(paths[i%len(paths)])
				if took := time.Since(begun); w.Code != 503 || took > pulseMost || !strings.Contains(w.Body.String(), "the bridge hangs") {
					t.Errorf("%s: %d %q after %v", paths[i%len(paths)], w.Code, w.Body, took)
				}
			})
			time.Sleep(100 * time.Millisecond) // also long after the first gave up
		}
		all.Wait()
		if n := looks.Load(); n != 1 {
			t.Errorf("%d goroutines look", n)
		}
		close(release)
		synctest.Wait()
		for _, path := range paths {
			if w := get(path); w.Code != 200 {
				t.Errorf("later, %s: %d %s", path, w.Code, w.Body)
			}
		}
	})
}
