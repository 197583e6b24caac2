package app

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/spool"
)

// What waits for a recipient that was taken out becomes dead letters when its
// retry_duration is over, and then its name may stand for another kind.
func TestRemovedRecipientEnds(t *testing.T) {
	t.Parallel()
	j := newJudge(t, func(string, *http.Request) int { return 500 })
	long := httpTo("long", j.URL, "retry_duration = \"2h\"\n")
	short := strings.Replace(httpTo("short", j.URL, "retry_duration = \"1s\"\npaused = true\n"), `"1h"`, `"1s"`, 1)
	all := fileTo("all", "all", "order = \"strict\"\n")
	l := startLive(t, long+short+all)
	l.events("a1 b1")
	l.until("both to wait for both", func() bool { return l.balance("long").Waiting == 2 && l.balance("short").Waiting == 2 })
	l.wantFile("all", "a1 b1") // they are durable: the balance shows what is written
	l.change(all)
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
	l.change(all + fileTo("short", "short", ""))
	l.events("c1")
	l.wantFile("short", "c1")
	l.change(all + fileTo("short", "short", "") + long)
	l.until("all to wait for who is back", func() bool { return l.balance("long").Waiting == 3 })
}

// A name of an older state, which never said how long it is kept, ends after
// the default retry_duration.
func TestRemovedBeforeKeepWasSaid(t *testing.T) {
	t.Parallel()
	o := spool.Defaults()
	o.Dir = filepath.Join(t.TempDir(), "state")
	o.MinFree = "0"
	sp, err := spool.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer sp.Close()
	q, err := sp.Queue("old")
	if err != nil {
		t.Fatal(err)
	}
	q.Close()
	a := newApp(&config.Config{}, Options{}, sp)
	const day = 24 * time.Hour
	for _, step := range []struct {
		by, wantNext time.Duration
		wantNames    int
	}{
		{0, ageMost, 1}, // that only begins it
		{day - 10*time.Second, 10 * time.Second, 1},
		{10 * time.Second, ageMost, 0},
	} {
		if err := sp.Age(t.Context(), step.by); err != nil {
			t.Fatal(err)
		}
		if next := a.removed.end(t.Context()); next != step.wantNext {
			t.Errorf("after %v more: the next look in %v, want %v", step.by, next, step.wantNext)
		}
		if names := sp.Names(); len(names) != step.wantNames {
			t.Errorf("after %v more: names %q", step.by, names)
		}
	}
}
