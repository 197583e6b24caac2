package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/history"
)

func TestAttemptsAreRemembered(t *testing.T) {
	var calls atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			http.Error(w, "not now", http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	c := load(t, t.TempDir(), toFile("out")+"[[recipients.http]]\nname = \"web\"\nurl = \""+srv.URL+"\"\nretry_interval = \"50ms\"\n")
	if _, log, err := runOnce(t, c, line); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	trails, err := history.Read(c.StateDir, func(bridge.ID) bool { return true })
	if err != nil || len(trails) != 2 {
		t.Fatalf("%d trails, %v", len(trails), err)
	}
	out, web := trails[0], trails[1]
	if out.Recipient != "out" || len(out.First) != 1 || out.First[0].Err != "" {
		t.Errorf("%+v", out)
	}
	if len(web.First) != 2 || !strings.Contains(web.First[0].Err, "503") || web.First[0].Wait <= 0 || web.First[1].Err != "" || web.First[1].Peer == "" || web.First[1].At.IsZero() {
		t.Errorf("%+v", web)
	}
}

func TestHistoryIsSmallOnASmallDisk(t *testing.T) {
	if n := historyLimit(t.TempDir()); n < 512<<10 || n > 64<<20 {
		t.Errorf("%d bytes", n)
	}
	if n := historyLimit(t.TempDir() + "/none"); n != 64<<20 {
		t.Errorf("%d bytes where the disk can't be known", n)
	}
}
