//go:build torture

package torture

import (
	"bytes"
	"io"
	"os"
)

// fileReader reads what the bridge writes into a file recipient's file.
type fileReader struct {
	recipient
	path  string
	board *board
	at    int64 // behind the last whole line that was read
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
		}
	}
	return nil
}
