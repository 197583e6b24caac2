package live

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// BenchmarkConnections takes lines of 352 bytes of so many connections, with
// an emit that costs nothing.
func BenchmarkConnections(b *testing.B) {
	const lines = 20_000
	text := []byte(strings.Repeat(strings.Repeat("x", 351)+"\n", 100))
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "s")
			var taken, batches atomic.Int64
			s := NewStreams(StreamOptions{
				Name: "src", MaxLine: 1 << 20,
				Listen: func(context.Context) (net.Listener, error) { return net.Listen("unix", path) },
			})
			listening := make(chan struct{})
			listen := s.o.Listen
			s.o.Listen = func(ctx context.Context) (net.Listener, error) {
				defer close(listening)
				return listen(ctx)
			}
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() {
				done <- s.Run(ctx, nil, func(_ context.Context, batch bridge.Batch) error {
					taken.Add(int64(len(batch.Records)))
					batches.Add(1)
					return nil
				})
			}()
			<-listening
			b.SetBytes(lines * 352)
			for b.Loop() {
				var senders sync.WaitGroup
				for range n {
					senders.Go(func() {
						c, err := net.Dial("unix", path)
						if err != nil {
							b.Error(err)
							return
						}
						defer c.Close()
						for range lines / 100 / n {
							if _, err := c.Write(text); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				senders.Wait()
			}
			stop()
			if err := <-done; err != nil {
				b.Error(err)
			}
			b.ReportMetric(float64(taken.Load())/b.Elapsed().Seconds(), "lines/s")
			b.ReportMetric(float64(taken.Load())/float64(batches.Load()), "lines/batch")
		})
	}
}
