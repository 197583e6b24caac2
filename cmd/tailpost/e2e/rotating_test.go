//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// rotatingLog writes numbered lines and rotates by rename and create, as
// logrotate does with a file of its own making: session.log becomes .1, .1
// becomes .2, and so on. Nothing is ever deleted.
type rotatingLog struct {
	name      string
	rng       *rand.Rand
	next      int // the number of the next line
	rotations int
}

// write appends n lines in a few writes; some writes end within a line, and
// the next one brings the rest.
func (l *rotatingLog) write(n int) error {
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

// rotate moves every generation one on. The new file comes with the next
// write.
func (l *rotatingLog) rotate() error {
	for i := l.rotations; i >= 1; i-- {
		if err := os.Rename(fmt.Sprintf("%s.%d", l.name, i), fmt.Sprintf("%s.%d", l.name, i+1)); err != nil {
			return err
		}
	}
	l.rotations++
	return os.Rename(l.name, l.name+".1")
}

// fill writes lines up to number total, never more than ahead of what has
// arrived, and rotates after a random number of them.
func (l *rotatingLog) fill(ctx context.Context, total, ahead int, arrived func() (int, <-chan struct{})) error {
	toRotation := 300 + l.rng.IntN(1200)
	for l.next < total {
		have, more := arrived()
		if l.next-have >= ahead {
			select {
			case <-more:
				continue
			case <-ctx.Done():
				return fmt.Errorf("%s: %d lines written, %d arrived: %w", filepath.Base(l.name), l.next, have, ctx.Err())
			}
		}
		n := min(1+l.rng.IntN(200), total-l.next, toRotation)
		if err := l.write(n); err != nil {
			return err
		}
		if toRotation -= n; toRotation > 0 {
			continue
		}
		if err := l.rotate(); err != nil {
			return err
		}
		toRotation = 300 + l.rng.IntN(1200)
	}
	return nil
}
