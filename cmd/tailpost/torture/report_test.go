//go:build torture

package torture

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// report prints the figures and fails the test for each problem.
func (s *site) report(v *verdict) {
	lines, rotations := 0, map[string]int{}
	for _, k := range s.books {
		lines += k.author.lines
		for kind, n := range k.done {
			rotations[kind] += n
		}
	}
	for _, h := range s.hands {
		lines += h.author.lines
		s.t.Logf("source %s: %d lines handed over again", h.author.source, h.again)
	}
	requests, events, _ := s.board.counts()
	s.t.Logf("%d lines, %d kills in %.0f s, seed %d", lines, len(s.kills), time.Since(s.began).Seconds(), s.seed)
	s.t.Logf("rotations: %s", counts(rotations))
	s.t.Logf("%d events, %d deliveries to %d recipients", events, requests, len(s.http)+1)
	for _, r := range s.http {
		s.t.Logf("recipient %s: %s", r.name, counts(r.deeds))
	}
	s.t.Logf("sent again: %d in flight at a kill (most at one: %s), %d timed out, %d given up just before the answer, %d not answered, %d handed over again",
		v.byKill, counts(v.most), v.bySlow, v.byLeft, v.byDrop, v.bySender)
	s.t.Logf("lost: %d events whose bytes were taken away before they were read: %s", len(v.lost), counts(s.lostBy(v)))
	problems := append(s.board.problems, v.problems...)
	s.t.Logf("lost otherwise, sent again otherwise, out of order, not as written: %d", len(problems))
	for _, p := range problems[:min(len(problems), 40)] {
		s.t.Error(p)
	}
	for _, k := range v.missing[:min(len(v.missing), 40)] {
		s.t.Logf("%s stands in %s", k, s.where(k))
	}
	if s.t.Failed() || *flagKeep {
		s.history()
	}
}

// where tells which files have lines of the message.
func (s *site) where(of key) string {
	var out []string
	for _, k := range s.books {
		for _, g := range append(k.old, k.live) {
			if slices.ContainsFunc(g.messages, func(m *message) bool { return m.key == of }) {
				out = append(out, filepath.Base(g.path))
			}
		}
	}
	return strings.Join(out, ", ")
}

func counts(m map[string]int) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprintf("%d %s", m[k], k))
	}
	return strings.Join(out, ", ")
}

// lostBy counts the lost events by what took their bytes away.
func (s *site) lostBy(v *verdict) map[string]int {
	by, lost := map[string]int{}, map[key]bool{}
	for _, k := range v.lost {
		lost[k] = true
	}
	for _, k := range s.books {
		for _, r := range k.removals {
			for _, m := range r.exposed {
				if lost[m.key] {
					by[r.kind]++
					delete(lost, m.key)
				}
			}
		}
	}
	return by
}

// due gives how many discontinuities a source must have reported: where it had
// met a file, and events are missing now that stood there and were taken away
// nowhere else.
func (k *book) due(lost []key) int {
	times := map[*message]int{}
	for _, r := range k.removals {
		for _, m := range r.exposed {
			times[m]++
		}
	}
	n := 0
	for _, r := range k.removals {
		if r.known && slices.ContainsFunc(r.exposed, func(m *message) bool { return times[m] == 1 && slices.Contains(lost, m.key) }) {
			n++
		}
	}
	return n
}

// checkReported holds what the bridge reported as lost against what was taken
// away: no less than was due, no more bytes than there were. A file must have
// been missing for a while before it is given up.
func (s *site) checkReported(ctx context.Context, lost []key) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !s.allReported(s.audit("at the end"), lost) && ctx.Err() == nil {
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	last := s.audit("at the end")
	for _, k := range s.books {
		times, bytes := last.lost(k.author.source)
		s.compareReported(k, times, bytes, k.due(lost))
	}
}

func (s *site) allReported(b balance, lost []key) bool {
	for _, k := range s.books {
		if times, _ := b.lost(k.author.source); times < k.due(lost) {
			return false
		}
	}
	return true
}

func (s *site) compareReported(k *book, times int, bytes int64, due int) {
	most := int64(0)
	for _, r := range k.removals {
		most += r.bytes
	}
	s.t.Logf("source %s: %d discontinuities reported, %d bytes at least; %d were due, %d bytes taken away at most", k.author.source, times, bytes, due, most)
	if times < due || bytes > most {
		s.t.Errorf("source %s: wrong discontinuities", k.author.source)
	}
}

// history shows what was done to the logs and where the kills were.
func (s *site) history() {
	for i, at := range s.kills {
		s.books[0].events = append(s.books[0].events, fmt.Sprintf("%s kill %d", stamp(at), i))
	}
	var all []string
	for _, k := range s.books {
		for _, e := range k.events {
			all = append(all, strings.Replace(e, "session.log", k.author.source, 1))
		}
	}
	slices.Sort(all)
	if err := os.WriteFile(s.p.Path("history"), []byte(strings.Join(all, "\n")+"\n"), 0o600); err != nil {
		s.t.Error(err)
	}
}
