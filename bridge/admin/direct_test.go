package admin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHealthAtIsDirect: what it says is the bridge's own word, not that of a
// proxy or of where a stranger on the port sends it.
func TestHealthAtIsDirect(t *testing.T) {
	asked := false
	well := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer well.Close()
	stranger := httptest.NewServer(http.RedirectHandler(well.URL, http.StatusFound))
	defer stranger.Close()
	address := strings.TrimPrefix(stranger.URL, "http://")
	if err := HealthAt(t.Context(), address, false); err == nil || err.Error() != "the bridge answers 302 Found" || asked {
		t.Errorf("redirected: %v, asked %v", err, asked)
	}
	if direct.Transport.(*http.Transport).Proxy != nil {
		t.Error("it asks a proxy")
	}
}
