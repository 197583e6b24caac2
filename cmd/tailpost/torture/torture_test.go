//go:build torture

package torture

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"
)

// TestTorture kills the bridge while its logs are rotated in every way, its
// receivers fail and its configuration changes. What still stood in a file when it could look must arrive;
// nothing may arrive again that was not under way at a kill or timed out;
// sessions keep their order.
func TestTorture(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute+time.Duration(*flagKills)*5*time.Second)
	defer cancel()
	s.begin(ctx)
	written := make(chan error)
	for _, k := range s.books {
		go func() { written <- k.fill(ctx) }()
	}
	for _, h := range s.hands {
		go func() { written <- h.fill(ctx) }()
	}
	for run := range *flagKills {
		s.kill(run, s.live(ctx, run))
	}
	s.t.Logf("%d kills in %.0f s; reloads: %v", *flagKills, time.Since(s.began).Seconds(), s.reloads.made)
	s.start(*flagKills)
	s.allow(*flagLines)
	for range len(s.books) + len(s.hands) {
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
	s.finish(ctx)
	s.checkReported(ctx, judge(s.evidence()).lost)
	s.p.Stop()
	s.readFile(*flagKills)
	v := judge(s.evidence())
	s.checkQuarantine()
	s.checkBalance(s.audit("after the end"), v.lost)
	s.report(v)
}

// begin makes the logs and lets the bridge meet them: what was rotated before
// its very first start is not read.
func (s *site) begin(ctx context.Context) {
	s.allow(*flagLines / 100)
	for _, k := range s.books {
		if err := k.begin(); err != nil {
			s.t.Fatal(err)
		}
	}
	s.start(0)
	for _, k := range s.books {
		for len(s.board.unseen(k.author.messages[:1])) > 0 {
			_, _, more := s.board.counts()
			select {
			case <-more:
			case <-ctx.Done():
				s.t.Fatalf("nothing of %s has arrived: %v", k.path, ctx.Err())
			}
		}
	}
}

func (s *site) start(run int) {
	s.p.Configure(s.config(run))
	s.p.Start()
}

// allow lets all logs grow by n lines.
func (s *site) allow(n int) {
	for _, k := range s.books {
		k.pace.allow(1 + n*k.pace.total / *flagLines)
	}
	for _, h := range s.hands {
		h.pace.allow(1 + n*h.pace.total / *flagLines)
	}
}

// live starts the bridge, but for the first time, and leaves it alone for
// some requests or some time. The audit that is made of it meanwhile is over
// when the channel is closed.
func (s *site) live(ctx context.Context, run int) (audited <-chan struct{}) {
	if run > 0 {
		s.start(run)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.audit(fmt.Sprintf("in run %d", run))
	}()
	each := *flagLines / *flagKills
	s.allow(each*9/10 + s.rng.IntN(each/5+1))
	long, requests := 50+s.rng.IntN(1800), 1+s.rng.IntN(8*each)
	switch s.rng.IntN(16) {
	case 0, 1:
		long = s.rng.IntN(100) // while it starts
	case 2:
		long, requests = 3000, math.MaxInt32 // long enough to let go of rotated files
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(long)*time.Millisecond)
	defer cancel()
	have, _, _ := s.board.counts()
	enough := make(chan struct{})
	go func() {
		defer close(enough)
		s.board.await(ctx, have+requests)
		cancel()
	}()
	s.reloads.reload(ctx, run)
	<-enough
	return done
}

// kill ends a run. What happens to the logs while the bridge is down is up to
// chance.
func (s *site) kill(run int, audited <-chan struct{}) {
	s.kills = append(s.kills, time.Now())
	s.p.Kill()
	s.readFile(run)
	<-audited
	if run%10 == 0 {
		s.audit(fmt.Sprintf("after kill %d", run))
	}
	if s.rng.IntN(2) == 0 {
		return
	}
	k := s.books[s.rng.IntN(len(s.books))]
	if err := k.downtime(s.rng.IntN(4), s.rng.IntN(3) == 0); err != nil {
		s.t.Fatal(fmt.Errorf("rotate %s: %w", k.path, err))
	}
}

// finish waits until all has arrived and ends the bridge.
func (s *site) finish(ctx context.Context) {
	for _, k := range s.books {
		if err := k.end(); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, r := range s.http {
		r.settle()
	}
	for _, r := range s.http {
		missing := r.awaitTaken(ctx, s.messages())
		s.t.Logf("recipient %s: %d missing %.0f s after the begin", r.name, missing, time.Since(s.began).Seconds())
	}
	if err := s.drops.awaitEmpty(ctx); err != nil {
		s.t.Errorf("drop directory: %v", err)
	}
	missing, err := s.file.await(ctx, *flagKills, s.messages())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Logf("recipient %s: %d missing %.0f s after the begin", s.file.name, missing, time.Since(s.began).Seconds())
}

func (s *site) readFile(run int) {
	if err := s.file.read(run); err != nil {
		s.t.Fatal(err)
	}
}
