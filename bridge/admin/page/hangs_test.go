package page

import (
	"net/http"
	"strings"
	"testing"
)

// TestNoSnapshot: while the bridge can't say how it fares, no page shows
// anything, and each says so.
func TestNoSnapshot(t *testing.T) {
	s := newSite(t, snapOf("desk"))
	_, next := s.follow(t.Context(), "of=status")
	if _, ok := next(); !ok {
		t.Fatal("no stream")
	}
	s.put(nil)
	if _, ok := next(); ok {
		t.Error("the stream goes on")
	}
	for _, path := range []string{"/", "/recipient?name=desk", "/dead", "/events", "/sign-in", "/nothing", "/live?of=status", "/live?of=recipient&name=desk"} {
		res, err := s.browser.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if d := s.read(res); d.code != http.StatusServiceUnavailable || !strings.Contains(d.raw, "the bridge hangs") {
			t.Errorf("%s: %d %s", path, d.code, d.raw)
		}
	}
	if d := s.post("/recipient/pause", nil); d.code != http.StatusServiceUnavailable || len(s.did()) != 0 {
		t.Errorf("a change that is refused: %d, did %v", d.code, s.did())
	}
	s.put(snapOf("desk"))
	if d := s.get("/"); d.code != 200 {
		t.Errorf("later: %d", d.code)
	}
}
