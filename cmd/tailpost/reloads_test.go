package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/app"
)

var (
	// In 150 edits each kind of change and of mistake comes many times, saved in
	// each way; every run draws others. make crashes makes 1,000.
	reloadEdits = flag.Int("reload.edits", 100, "how many random edits of the configuration TestReloads makes")
	reloadSeed  = flag.Uint64("reload.seed", 0, "of TestReloads; 0: a new one")
)

// byFiles is one in how many edits nobody signals: the watch must see it.
const byFiles = 20

// TestReloads edits the configuration at random, validly and not, while lines
// come in and one recipient fails. The process never exits; every recipient
// that there ever was gets every event since its first one, once; what runs is
// the last valid file.
func TestReloads(t *testing.T) {
	t.Parallel()
	seed := *reloadSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	h := newHall(t)
	s := newSite(t, "")
	e := newEditor(s, h, rand.New(rand.NewPCG(seed, 4)))
	e.save(e.text())
	p := s.run()
	files := openFiles(p)

	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // about a hundred lines a second, in a hundred sessions
		defer close(stopped)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				s.appendLines(2, func(n int) string { return fmt.Sprint("s", n%100) })
			case <-stop:
				return
			}
		}
	}()
	began := time.Now()
	for i := range *reloadEdits {
		signal := i%byFiles != byFiles-1
		e.edit(p, signal)
		if i%50 == 0 && e.valid {
			h.awaitGeneration(t, e.gen, e.current())
		}
	}
	took := time.Since(began)
	close(stop)
	<-stopped

	e.everyone()
	h.failing.Store(false)
	e.apply(p, e.text(), true, "")
	e.awaitSettled()
	checkFiles(t, p, files)
	select {
	case err := <-p.exited:
		t.Fatalf("it ended: %v", err)
	default:
	}
	p.stop()
	h.judge(t, s.lines, e.audit())
	e.report(t, took)
}

// awaitSettled waits until nothing waits for anybody.
func (e *editor) awaitSettled() {
	e.s.t.Helper()
	wait(e.s.t, "all to be settled", func() bool {
		sums := e.audit()
		for _, r := range sums {
			if r.Waiting > 0 {
				return false
			}
		}
		return int(sums["always"].Events) == e.s.lines
	})
}

// audit gives the balance of each recipient; all sums must fit.
func (e *editor) audit() map[string]app.RecipientBalance {
	e.s.t.Helper()
	b, err := app.Audit(filepath.Join(e.s.dir, "state"))
	if err != nil || len(b.Problems) > 0 || len(b.Recipients) != len(e.ever) {
		e.s.t.Fatalf("audit: %v, %+v, want %d recipients", err, b, len(e.ever))
	}
	out := map[string]app.RecipientBalance{}
	for _, r := range b.Recipients {
		out[r.Recipient] = r
	}
	return out
}

// openFiles counts the descriptors of the process.
func openFiles(p *process) int {
	names, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	return len(names)
}

// checkFiles wants no more than a connection or two for each recipient.
func checkFiles(t *testing.T, p *process, before int) {
	t.Helper()
	if now := openFiles(p); before > 0 && now > before+150 {
		t.Errorf("%d open files, %d at the beginning", now, before)
	}
}
