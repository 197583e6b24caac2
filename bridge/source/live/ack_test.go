package live

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAcknowledgesWhatIsDurableInOrder(t *testing.T) {
	s, path, l := streams(t, func(o *StreamOptions) { o.Ack = true })
	in := newInbox(t)
	in.gate = make(chan struct{})
	run(t, s, l, in.emit)
	c := dial(t, path)
	send(t, c, "a\nb\n2 {}\n")
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.Read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes came back before the lines were durable, %v", n, err)
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	close(in.gate)
	want := strings.Repeat("ok\n", 4)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
	in.await(4)
}

func TestManyLinesAreAcknowledgedOnceEach(t *testing.T) {
	const lines = 20_000
	s, path, l := streams(t, func(o *StreamOptions) { o.Ack = true })
	in := newInbox(t)
	run(t, s, l, in.emit)
	var senders sync.WaitGroup
	for k := range 4 {
		c := dial(t, path)
		senders.Go(func() {
			w := bufio.NewWriter(c)
			for i := range lines {
				fmt.Fprintf(w, "%d-%d\n", k, i)
			}
			w.Flush()
			_ = c.CloseWrite()
		})
		senders.Go(func() {
			got, err := io.ReadAll(c)
			if err != nil || len(got) != 3*lines || strings.ReplaceAll(string(got), "ok\n", "") != "" {
				t.Errorf("%d bytes of acknowledgements, %v", len(got), err)
			}
		})
	}
	senders.Wait()
	next := map[string]int{}
	for _, r := range in.await(4 * lines) {
		if want := fmt.Sprintf("-%d", next[r.stream]); r.line[1:] != want {
			t.Fatalf("line %q of %s, want %s", r.line, r.stream, want)
		}
		next[r.stream]++
	}
	if in.batches > 4*lines/10 {
		t.Errorf("%d batches for %d lines", in.batches, 4*lines)
	}
}

func TestSenderThatReadsNoAcknowledgements(t *testing.T) {
	s, path, l := streams(t, func(o *StreamOptions) { o.Ack, o.AckWait = true, 50*time.Millisecond })
	in := newInbox(t)
	run(t, s, l, in.emit)
	c := dial(t, path)
	lines := bytes.Repeat([]byte("\n"), 64<<10)
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		_, err = c.Write(lines)
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection was not closed: %v", err)
	}
	l.await(t, "doesn't read the acknowledgements")
	if st := s.Stats(); st.Closed != 1 {
		t.Errorf("stats %+v", st)
	}
	other := dial(t, path)
	n := int(s.Stats().Lines)
	send(t, other, "a line of another\n")
	if got := in.await(n + 1); got[len(got)-1].line != "a line of another" {
		t.Errorf("last record %+v", got[len(got)-1])
	}
}
