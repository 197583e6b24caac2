package app

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/dispatch"
)

// What waits for a recipient that was taken out becomes dead letters when its
// retry_duration is over, and then its name may stand for another kind.
func TestRemovedRecipientEnds(t *testing.T) {
	t.Parallel()
	j := newJudge(t, func(string, *http.Request) int { return 500 })
	long := httpTo("long", j.URL, "retry_duration = \"2h\"\n")
	short := strings.Replace(httpTo("short", j.URL, "retry_duration = \"1s\"\npaused = true\n"), `"1h"`, `"1s"`, 1)
	l := startLive(t, long+short+fileTo("all", "all", ""))
	l.events("a1 b1")
	l.until("both to wait for both", func() bool { return l.balance("long").Waiting == 2 && l.balance("short").Waiting == 2 })
	l.change(fileTo("all", "all", ""))
	l.says("a removed recipient is forgotten")
	var letters []dispatch.Letter
	err := Letters(filepath.Join(l.dir, "state"), admin.Letters{Recipient: "short"}, func(d dispatch.Letter) error {
		letters = append(letters, d)
		return nil
	})
	if err != nil || len(letters) != 2 || !strings.Contains(letters[1].Reason, "retry_duration is over") {
		t.Errorf("dead letters: %+v, %v", letters, err)
	}
	if b := l.balance("short"); b.Recipient != "" {
		t.Errorf("still known: %+v", b)
	}
	if b := l.balance("long"); b.Waiting < 2 {
		t.Errorf("the other one: %+v", b)
	}
	l.change(fileTo("all", "all", "") + fileTo("short", "short", ""))
	l.events("c1")
	l.wantFile("short", "c1")
	l.change(fileTo("all", "all", "") + fileTo("short", "short", "") + long)
	l.until("all to wait for who is back", func() bool { return l.balance("long").Waiting == 3 })
}
