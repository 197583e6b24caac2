package tail

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// BenchmarkBacklog reads a log of lines of 200 bytes from its beginning.
func BenchmarkBacklog(b *testing.B) {
	const lines = 50_000
	path := filepath.Join(b.TempDir(), "app.log")
	var text []byte
	for range lines {
		for range 199 {
			text = append(text, 'x')
		}
		text = append(text, '\n')
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		b.Fatal(err)
	}
	o := Defaults()
	o.Name, o.Path, o.Start = "bench", path, StartBeginning
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		ctx, stop := context.WithCancel(b.Context())
		n := 0
		err := New(o).Run(ctx, nil, func(_ context.Context, batch bridge.Batch) error {
			if n += len(batch.Records); n == lines {
				stop()
			}
			return nil
		})
		stop()
		if err != nil || n != lines {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.N)*lines/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkOneLine is the time from the write of a line to its emit.
func BenchmarkOneLine(b *testing.B) {
	path := filepath.Join(b.TempDir(), "app.log")
	f, err := openAppend(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	o := Defaults()
	o.Name, o.Path = "bench", path
	ctx, stop := context.WithCancel(b.Context())
	came, done, seen := make(chan struct{}), make(chan error, 1), make(chan struct{})
	go func() {
		first := true
		done <- New(o).Run(ctx, nil, func(ctx context.Context, batch bridge.Batch) error {
			if first {
				first = false
				close(seen)
				return nil
			}
			if len(batch.Records) == 0 {
				return nil
			}
			select {
			case came <- struct{}{}:
			case <-ctx.Done():
			}
			return nil
		})
	}()
	<-seen
	line := append(make([]byte, 199), '\n')
	for b.Loop() {
		if _, err := f.Write(line); err != nil {
			b.Fatal(err)
		}
		<-came
	}
	stop()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
