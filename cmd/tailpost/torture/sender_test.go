//go:build torture

package torture

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// sender hands the messages of a source over itself, and each again until it
// is told that it was taken. A source of this kind loses nothing; what was
// handed over twice may arrive twice, with one id.
type sender struct {
	author *author
	board  *board
	pace   *pace
	// hand gives rows of lines to the bridge and reports how many of them, from
	// the first on, were acknowledged, and whether others may have been taken.
	hand  func(ctx context.Context, rows []line) (acknowledged, unsure int)
	most  int // rows at a time
	again int // rows that were handed over again
}

// fill hands over all that the pace allows, until its end.
func (s *sender) fill(ctx context.Context) error {
	var rows []line
	for {
		n, ok := s.pace.take(ctx, 1+s.author.rng.IntN(s.most))
		if !ok {
			break
		}
		for range n {
			rows = append(rows, s.next())
		}
		if err := s.deliver(ctx, rows); err != nil {
			return err
		}
		rows = rows[:0]
	}
	for len(s.author.queue) > 0 {
		rows = append(rows, s.next())
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.deliver(ctx, rows)
}

func (s *sender) next() line {
	l := s.author.next()
	if l.message != nil {
		s.board.write(l.message)
	}
	return l
}

// deliver returns when all rows were acknowledged.
func (s *sender) deliver(ctx context.Context, rows []line) error {
	for len(rows) > 0 {
		n, unsure := s.hand(ctx, rows)
		rows = rows[n:]
		if len(rows) == 0 {
			break
		}
		for _, l := range rows[:unsure] {
			s.again++
			if l.message != nil {
				l.message.sends++
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// formLines gives the message as a form body.
func formLines(_ *author, m *message) []string {
	values := url.Values{}
	for name, v := range m.form {
		values.Set(name, v)
	}
	return []string{values.Encode()}
}

// poster gives a hand that POSTs one body at a time, with an id of the
// sender's own.
func poster(target string) func(context.Context, []line) (int, int) {
	client := &http.Client{Timeout: 5 * time.Second}
	return func(ctx context.Context, rows []line) (acknowledged, unsure int) {
		for _, l := range rows {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(l.text))
			if err != nil {
				return acknowledged, 0
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Webhook-Id", l.message.key.String())
			answer, err := client.Do(req)
			if err != nil {
				if errors.Is(err, syscall.ECONNREFUSED) {
					return acknowledged, 0
				}
				return acknowledged, 1
			}
			io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<16))
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				return acknowledged, 1 // 503: it may yet become durable
			}
			acknowledged++
		}
		return acknowledged, 0
	}
}
