//go:build torture

package torture

import (
	"context"
	"fmt"
	"maps"
	"sync"
)

// board is what all of the oracle's parts know of each other: the messages
// that were written, and which of them were seen again. It may be used by
// several goroutines.
type board struct {
	mu       sync.Mutex
	messages map[key]*message
	seen     map[key]bool
	requests int
	more     chan struct{} // closed and replaced when a request comes
	problems []string      // events that are not as they were written
}

func newBoard() *board {
	return &board{messages: map[key]*message{}, seen: map[key]bool{}, more: make(chan struct{})}
}

// write says that a message is about to be written.
func (b *board) write(m *message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages[m.key] = m
}

// see takes note of an event, as a receiver got it, and gives its key. An
// event that is none of ours is a problem.
func (b *board) see(by string, form map[string]string) (k key, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, ok = parseKey(form["line"])
	m := b.messages[k]
	switch {
	case !ok || m == nil:
		b.problemLocked("%s got an event that nobody wrote: %q", by, form)
		return k, false
	case !maps.Equal(form, m.form):
		b.problemLocked("%s got of %s %q, want %q", by, k, form, m.form)
	}
	b.seen[k] = true
	b.requests++
	close(b.more)
	b.more = make(chan struct{})
	return k, true
}

// problemLocked notes one. There may be one for each event.
func (b *board) problemLocked(format string, args ...any) {
	if len(b.problems) < 100 {
		b.problems = append(b.problems, fmt.Sprintf(format, args...))
	}
}

func (b *board) problem(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problemLocked(format, args...)
}

// missing gives how many of the messages are due, and not in has: what was
// taken away before it was read is due only if someone has seen it.
func (b *board) missing(ms []*message, has map[key]bool) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, m := range ms {
		if !has[m.key] && (!m.exposed || b.seen[m.key]) {
			n++
		}
	}
	return n
}

func parseKey(s string) (k key, ok bool) {
	for i := range s {
		if s[i] == '.' {
			_, err := fmt.Sscanf(s[i+1:], "%d", &k.n)
			k.source = s[:i]
			return k, err == nil && k.String() == s
		}
	}
	return key{}, false
}

// unseen gives those of the messages that nobody has seen yet.
func (b *board) unseen(ms []*message) []*message {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []*message
	for _, m := range ms {
		if !b.seen[m.key] {
			out = append(out, m)
		}
	}
	return out
}

// counts gives how many requests came, how many events they were, and a
// channel that closes at the next one.
func (b *board) counts() (requests, events int, more <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests, len(b.seen), b.more
}

// await returns when so many requests have come, or ctx ends.
func (b *board) await(ctx context.Context, requests int) {
	for {
		have, _, more := b.counts()
		if have >= requests {
			return
		}
		select {
		case <-more:
		case <-ctx.Done():
			return
		}
	}
}
