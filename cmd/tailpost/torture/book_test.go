//go:build torture

package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// book is a log in all its generations, with the program that writes it and
// the one that rotates it.
type book struct {
	style  style
	path   string // what the bridge follows
	author *author
	board  *board
	pace   *pace

	mu         sync.Mutex
	rng        *rand.Rand
	f          *os.File // what is written to; nil: the name will be created
	rest       []byte   // of a line whose beginning stands in f
	live       *generation
	old        []*generation // oldest first
	made       int           // rotations
	toRotation int           // lines until the next one
	done       map[string]int
	events     []string // what was done when, for people
	removals   []removal
}

// generation is one file's content, wherever that lies now.
type generation struct {
	path     string
	zipped   bool
	messages []*message // with a line in it
	bytes    int64
}

// removal is the end of bytes that may not have been read.
type removal struct {
	kind    string
	exposed []*message
	bytes   int64 // at most
	known   bool  // the bridge had met the file, and can tell that something is gone
}

func newBook(path string, st style, a *author, b *board, p *pace, seed uint64) *book {
	k := &book{style: st, path: path, author: a, board: b, pace: p, rng: random(seed, a.source+"'s rotation"), done: map[string]int{}}
	k.live = &generation{path: path}
	k.toRotation = k.distance()
	return k
}

func (k *book) distance() int { return 30 + k.rng.IntN(400) }

var errNothing = errors.New("no line could be written")

// begin writes the first lines.
func (k *book) begin() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.style == linked {
		if err := k.rotate(bySwitch); err != nil {
			return err
		}
	}
	n, _ := k.pace.some(5)
	if n == 0 {
		return errNothing
	}
	return errors.Join(k.write(n), k.finishLine())
}

// fill writes until the pace's end, and rotates now and then.
func (k *book) fill(ctx context.Context) error {
	for {
		n, ok := k.pace.take(ctx, 120)
		if !ok {
			return ctx.Err()
		}
		pause, err := k.step(n)
		if err != nil {
			return fmt.Errorf("write %s: %w", k.path, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// step writes so many lines, and rotates if it is time.
func (k *book) step(n int) (pause time.Duration, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for n > 0 {
		some := min(n, 1+k.rng.IntN(60), k.toRotation)
		if err := k.write(some); err != nil {
			return 0, err
		}
		n -= some
		if k.toRotation -= some; k.toRotation <= 0 {
			k.toRotation = k.distance()
			if err := k.rotate(k.running()); err != nil {
				return 0, err
			}
		}
	}
	return time.Duration(k.rng.IntN(20)) * time.Millisecond, nil
}

// write appends n lines in a few writes, most of which end within a line. The
// end of the last line may wait for the next call.
func (k *book) write(n int) error {
	b := k.rest
	k.rest = nil
	for range n {
		l := k.author.next()
		if l.message != nil {
			k.board.write(l.message)
			if m := k.live.messages; len(m) == 0 || m[len(m)-1] != l.message {
				k.live.messages = append(k.live.messages, l.message)
			}
		}
		b = append(b, l.text...)
	}
	k.live.bytes += int64(len(b))
	if k.rng.IntN(3) == 0 && len(b) > 0 {
		hold := 1 + k.rng.IntN(min(len(b), 200))
		k.rest = b[len(b)-hold:]
		b = b[:len(b)-hold]
	}
	return k.put(b)
}

func (k *book) put(b []byte) error {
	if k.f == nil {
		f, err := os.OpenFile(k.live.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		k.f = f
	}
	for len(b) > 0 {
		n := min(len(b), 1+k.rng.IntN(6<<10))
		if _, err := k.f.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// finishLine writes what is left of the last line.
func (k *book) finishLine() error {
	b := k.rest
	k.rest = nil
	return k.put(b)
}

// end writes what is left: of the last line, and of the last message.
func (k *book) end() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.author.queue) > 0 {
		if err := k.write(1); err != nil {
			return err
		}
	}
	return errors.Join(k.finishLine(), k.close())
}

// close lets go of the file: the next write opens what has the name then.
func (k *book) close() error {
	f := k.f
	if k.f = nil; f == nil {
		return nil
	}
	return f.Close()
}

// note keeps what was done for the report.
func (k *book) note(kind string) {
	k.events = append(k.events, fmt.Sprintf("%s %s: %s, line %d", stamp(time.Now()), filepath.Base(k.path), kind, k.author.lines))
}

// removed says that bytes of these messages are gone.
func (k *book) removed(kind string, known bool, g *generation) {
	r := removal{kind: kind, exposed: k.board.unseen(g.messages), bytes: g.bytes, known: known}
	for _, m := range r.exposed {
		m.exposed = true
	}
	if len(r.exposed) > 0 {
		k.note(fmt.Sprintf("%d of %d messages exposed, from %s on", len(r.exposed), len(g.messages), r.exposed[0].key))
	}
	k.removals = append(k.removals, r)
}
