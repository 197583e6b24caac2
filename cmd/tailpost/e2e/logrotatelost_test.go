//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// TestLogrotateDeletesUnread: what logrotate deletes while the bridge is down
// is lost, and that is not kept silent. All that it leaves is taken.
func TestLogrotateDeletesUnread(t *testing.T) {
	s := startRotatedSite(t, rotateStyle{directives: []string{"create 0640", postrotate}}, "rotate 2")
	p := s.bridge(t)
	s.feed(t)
	s.atWork(t, p)
	s.rotate(t, 2)
	if reported, _ := reportedLosses(t, p); reported > 0 {
		t.Errorf("%d losses reported while nothing was lost", reported)
	}
	s.stopped(t, p, 5)
	s.lastLines(t, p)
	eventually(t, timeToArrive, "reported: a loss", func() bool { n, _ := reportedLosses(t, p); return n > 0 })
	p.Stop()

	got := s.judge(t, p)
	gone := got.dropped - got.saved
	bytes := gone * len(s.text(0))
	reported, atLeast := reportedLosses(t, p)
	t.Logf("%d lines sent, %d of them (%d bytes) deleted unread: %d losses reported, of %d bytes at least", got.lines, gone, bytes, reported, atLeast)
	if gone == 0 || atLeast > bytes {
		t.Error("want lines lost, and no more bytes reported than that")
	}
}

// reportedLosses gives how many losses the bridge has logged, and their bytes.
func reportedLosses(t *testing.T, p *trial.Program) (n, atLeast int) {
	t.Helper()
	log, err := os.ReadFile(p.Path("tailpost.err"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(log) {
		var e struct {
			Message string
			Bytes   int `json:"at_least_bytes"`
		}
		if json.Unmarshal(line, &e) == nil && strings.HasSuffix(e.Message, "lost before they could be read") { // were, or may have been
			n++
			atLeast += e.Bytes
		}
	}
	return n, atLeast
}
