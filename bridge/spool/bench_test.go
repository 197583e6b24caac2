package spool_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
)

const benchEvent = 352 // bytes

// BenchmarkAppend appends records of one event by 1, 64 and 1,024 waiting
// writers; bare is a loop of one write and one fdatasync for each record, into
// a file whose blocks are there. One operation is one record.
func BenchmarkAppend(b *testing.B) {
	b.Run("bare", benchBare)
	for _, writers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) { benchAppend(b, writers) })
	}
}

func benchBare(b *testing.B) {
	f, err := spool.OS().Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	const room = 64 << 20
	if err := f.Allocate(room); err != nil {
		b.Fatal(err)
	}
	event := make([]byte, benchEvent)
	off := int64(0)
	for b.Loop() {
		if _, err := f.WriteAt(event, off); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		off = (off + benchEvent) % (room - benchEvent)
	}
}

func benchAppend(b *testing.B, writers int) {
	o := spool.Defaults()
	o.Dir, o.MinFree = b.TempDir(), "0"
	s := open(b, o)
	event := make([]byte, benchEvent)
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for i := range writers {
		wg.Go(func() {
			in := spool.Ingest{
				Source:  fmt.Sprintf("source %d", i),
				Changes: []bridge.Entry{{Key: []byte("position"), Value: event[:64]}},
				Events:  [][]byte{event},
			}
			for left.Add(-1) >= 0 {
				if _, err := s.Append(context.Background(), in); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	s.mustEnd()
}

// BenchmarkQueue takes events from a backlog and settles them, one by one.
func BenchmarkQueue(b *testing.B) {
	o := spool.Defaults()
	o.Dir, o.MinFree = b.TempDir(), "0"
	s := open(b, o)
	q := s.queue("r")
	in := spool.Ingest{Source: "a"}
	for range 1000 {
		in.Events = append(in.Events, make([]byte, benchEvent))
	}
	for n := 0; n < b.N; n += len(in.Events) {
		if _, err := s.Append(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for range b.N {
		it, ok, err := q.Next()
		if err != nil || !ok {
			b.Fatal(ok, err)
		}
		if err := q.Settle(b.Context(), it.Number, bridge.Delivered); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	s.mustEnd()
}
