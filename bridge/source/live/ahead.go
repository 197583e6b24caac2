package live

import (
	"context"
	"io"
	"sync"
)

// ahead is a listener that was opened before Run.
type ahead[T io.Closer] struct {
	mu sync.Mutex
	l  T
	is bool
}

// bind opens it, unless it is open.
func (a *ahead[T]) bind(ctx context.Context, listen func(context.Context) (T, error)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.is {
		return nil
	}
	l, err := listen(ctx)
	if err == nil {
		a.l, a.is = l, true
	}
	return err
}

// take gives it away; ok is false where there is none.
func (a *ahead[T]) take() (l T, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, ok = a.l, a.is
	var none T
	a.l, a.is = none, false
	return l, ok
}

func (a *ahead[T]) close() {
	if l, ok := a.take(); ok {
		_ = l.Close()
	}
}

// or gives what listens: that one if there is one, else what listen opens.
func (a *ahead[T]) or(ctx context.Context, listen func(context.Context) (T, error)) (T, error) {
	if l, ok := a.take(); ok {
		return l, nil
	}
	return listen(ctx)
}

// Bind listens before Run does, which takes it over. That it can't is an
// error, tried once.
func (s *Streams) Bind(ctx context.Context) error { return s.ahead.bind(ctx, s.o.Listen) }

// Unbind undoes Bind where no Run follows.
func (s *Streams) Unbind() { s.ahead.close() }

// Bind is as that of Streams.
func (d *Datagrams) Bind(ctx context.Context) error { return d.ahead.bind(ctx, d.o.Listen) }

// Unbind is as that of Streams.
func (d *Datagrams) Unbind() { d.ahead.close() }
