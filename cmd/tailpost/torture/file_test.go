//go:build torture

package torture

import (
	"bytes"
	"context"
	"io"
	"os"
	"time"
)

// fileReader reads what the bridge writes into a file recipient's file.
type fileReader struct {
	recipient
	path  string
	board *board
	at    int64        // behind the last whole line that was read
	has   map[key]bool // what it holds
}

// read takes what was written since the last call, in that run of the bridge.
// A torn last line is left: the next run cuts it off.
func (r *fileReader) read(run int) error {
	f, err := os.Open(r.path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, r.at, 1<<40))
	if err != nil {
		return err
	}
	for line := range bytes.Lines(b) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		r.at += int64(len(line))
		id, form, err := formOfJSON(line)
		if err != nil {
			r.board.problem("%s has the line %q: %v", r.name, line, err)
			continue
		}
		if k, ok := r.board.see(r.name, form); ok {
			r.requests = append(r.requests, request{key: k, id: id, run: run, fate: taken})
			r.has[k] = true
		}
	}
	return nil
}

// await reads until it has all of these, ctx ends, or nothing more has come
// for a while: then it gives how many are missing.
func (r *fileReader) await(ctx context.Context, run int, ms []*message) (missing int, err error) {
	quiet := time.NewTimer(patience)
	defer quiet.Stop()
	for at := r.at; ; {
		if err := r.read(run); err != nil {
			return 0, err
		}
		if missing = r.board.missing(ms, r.has); missing == 0 {
			return 0, nil
		}
		if r.at > at {
			at = r.at
			quiet.Reset(patience)
		}
		select {
		case <-time.After(300 * time.Millisecond):
		case <-quiet.C:
			return missing, nil
		case <-ctx.Done():
			return missing, nil
		}
	}
}
