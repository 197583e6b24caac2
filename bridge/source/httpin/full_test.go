package httpin

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// 200 is said once the body is durable, and all that wait go in one batch.
func TestOneBatchForAllThatWait(t *testing.T) {
	const senders = 40
	r := newRig(t)
	r.src.wait = patience
	entered, open := r.closedGate()
	r.start()
	var wg sync.WaitGroup
	status := make([]int, senders)
	send := func(i int) { wg.Go(func() { status[i], _ = r.post(fmt.Sprint("n=", i)) }) }
	send(0)
	<-entered // the others wait while the first is under way
	for i := 1; i < senders; i++ {
		send(i)
	}
	r.until("all to be read", func() bool { return r.src.Stats().Waiting == senders-1 })
	if n := len(r.lines()); n != 0 || slices.Contains(status, 200) {
		t.Errorf("%d lines, answers %v before anything is durable", n, status)
	}
	open()
	wg.Wait()
	if !slices.Equal(status, slices.Repeat([]int{200}, senders)) {
		t.Errorf("answers %v", status)
	}
	if len(r.lines()) != senders || len(r.sizes) != 2 {
		t.Errorf("%d lines in batches of %v; want two batches", len(r.lines()), r.sizes)
	}
}

// While the spool is full the answer is 503; a body whose sender was told so
// and that was not taken yet is forgotten, and its repeat has the same head.
func TestFullSpool(t *testing.T) {
	r := newRig(t)
	r.src.wait = 100 * time.Millisecond
	entered, open := r.closedGate()
	defer open()
	r.start()
	for i, body := range []string{"n=1", "n=2", "n=2"} {
		got, h := r.post(body)
		if got != http.StatusServiceUnavailable || h.Get("Retry-After") != "10" {
			t.Fatalf("request %d: status %d, Retry-After %q", i, got, h.Get("Retry-After"))
		}
	}
	<-entered
	if used := r.src.Stats().Held; used != bodyBegin {
		t.Errorf("%d bytes are held for one body that is under way", used)
	}
	open()
	for _, body := range []string{"n=1", "n=2"} {
		r.until("a repeat to be taken", func() bool { got, _ := r.post(body); return got == 200 })
	}
	if got := r.lines(); !slices.Equal(got, []string{"n=1", "n=1", "n=2"}) {
		t.Errorf("lines %q", got)
	}
	if recs := r.records(); string(recs[0].Head) != string(recs[1].Head) {
		t.Error("a repeat has another head")
	}
	if used := r.src.Stats().Held; used != 0 {
		t.Errorf("%d bytes are still held", used)
	}
	if s := r.src.Stats(); s.Lines != 3 || s.Refused[503] != 3 {
		t.Errorf("%+v", s)
	}
}

func TestTooManyWait(t *testing.T) {
	r := newRig(t)
	r.src.wait = time.Minute
	entered, open := r.closedGate()
	r.start()
	in := r.src.running.Load()
	var wg sync.WaitGroup
	wg.Go(func() { r.post("n=first") })
	<-entered
	for range waitingMax {
		in.waiting <- &post{done: make(chan error, 1)}
	}
	if got, _ := r.post("n=1"); got != http.StatusServiceUnavailable {
		t.Errorf("status %d with a full queue", got)
	}
	in.room.used.Add(in.room.most)
	if got, _ := r.post("n=2"); got != http.StatusServiceUnavailable {
		t.Errorf("status %d without memory", got)
	}
	in.room.used.Add(-in.room.most)
	open()
	wg.Wait()
}

// A stop answers those who wait.
func TestStopWhileFull(t *testing.T) {
	r := newRig(t)
	entered, open := r.closedGate()
	defer open()
	r.src.wait = patience
	r.start()
	var wg sync.WaitGroup
	got := make([]int, 5)
	send := func(i int) { wg.Go(func() { got[i], _ = r.post("n=1") }) }
	send(0)
	<-entered
	for i := 1; i < len(got); i++ {
		send(i)
	}
	r.until("all to be read", func() bool { return r.src.Stats().Waiting == len(got)-1 })
	r.stop()
	wg.Wait()
	if !slices.Equal(got, slices.Repeat([]int{503}, len(got))) {
		t.Errorf("answers %v", got)
	}
}
