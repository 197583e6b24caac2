//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// rotatingLog writes numbered lines and rotates by rename and create, as
// logrotate does with a file of its own making: session.log becomes .1, .1
// becomes .2, and so on. Nothing is ever deleted.
type rotatingLog struct {
	name  string
	total int // lines it will have

	mu         sync.Mutex
	rng        *rand.Rand
	next       int // the number of the next line
	rotations  int
	toRotation int // lines until fill rotates
}

// begin writes the first line.
func (l *rotatingLog) begin() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writeLocked(1)
}

// fill writes all lines, never more than ahead of what has arrived, and
// rotates after a random number of them.
func (l *rotatingLog) fill(ctx context.Context, ahead int, arrived func() (int, <-chan struct{})) error {
	for {
		have, more := arrived()
		done, err := l.step(have + ahead)
		if done || err != nil {
			return err
		}
		if l.written() < have+ahead {
			continue
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("%d lines written, %d arrived: %w", l.written(), have, ctx.Err())
		}
	}
}

func (l *rotatingLog) written() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

// step writes some lines, up to number most, and rotates if it is time.
func (l *rotatingLog) step(most int) (done bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.toRotation <= 0 {
		l.toRotation = 300 + l.rng.IntN(1200)
	}
	n := min(1+l.rng.IntN(200), most-l.next, l.toRotation)
	if err := l.writeLocked(n); err != nil {
		return false, err
	}
	if l.toRotation -= n; l.toRotation <= 0 {
		err = l.rotateLocked()
	}
	return l.next == l.total, err
}

// rotateTwice makes two generations, the second one short, with a few lines
// in a third. The log must not be near its end.
func (l *rotatingLog) rotateTwice() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range 2 {
		if err := l.writeLocked(1 + l.rng.IntN(20)); err != nil {
			return err
		}
		if err := l.rotateLocked(); err != nil {
			return err
		}
	}
	return l.writeLocked(1 + l.rng.IntN(20))
}

// writeLocked appends n lines in a few writes; most writes end within a line,
// and the next one brings its rest.
func (l *rotatingLog) writeLocked(n int) error {
	n = min(n, l.total-l.next)
	if n <= 0 {
		return nil
	}
	f, err := os.OpenFile(l.name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	var b bytes.Buffer
	for range n {
		b.WriteString(member(l.next))
		l.next++
	}
	for b.Len() > 0 {
		if _, err := f.Write(b.Next(1 + l.rng.IntN(8<<10))); err != nil {
			return err
		}
	}
	return f.Close()
}

// rotateLocked moves every generation one on. The new file comes with the
// next write.
func (l *rotatingLog) rotateLocked() error {
	for i := l.rotations; i >= 1; i-- {
		if err := os.Rename(fmt.Sprintf("%s.%d", l.name, i), fmt.Sprintf("%s.%d", l.name, i+1)); err != nil {
			return err
		}
	}
	l.rotations++
	return os.Rename(l.name, l.name+".1")
}

// missing tells the ranges of lines that are not in have, and the generation
// that each begins in.
func (l *rotatingLog) missing(have map[string]bool) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out strings.Builder
	for n := 0; n < l.next; n++ {
		if have[strconv.Itoa(n)] {
			continue
		}
		first := n
		for n+1 < l.next && !have[strconv.Itoa(n+1)] {
			n++
		}
		fmt.Fprintf(&out, "lines %d to %d, from %s on\n", first, n, l.whereLocked(first))
	}
	return out.String()
}

// whereLocked names the file that line n stands in now, and its offset there.
func (l *rotatingLog) whereLocked(n int) string {
	mark := fmt.Sprintf(";external_key=%d;", n)
	for g := 0; g <= l.rotations; g++ {
		name := l.name
		if g > 0 {
			name = fmt.Sprintf("%s.%d", l.name, g)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		if i := bytes.Index(b, []byte(mark)); i >= 0 {
			return fmt.Sprintf("%s byte %d of %d", filepath.Base(name), bytes.LastIndexByte(b[:i], '\n')+1, len(b))
		}
	}
	return "no file"
}
