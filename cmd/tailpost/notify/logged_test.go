package notify

import (
	"bytes"
	"encoding/json"

	"github.com/rs/zerolog"
)

var nothing = zerolog.Nop()

// logged keeps what is logged by one goroutine.
type logged struct{ b bytes.Buffer }

func (l *logged) log() zerolog.Logger { return zerolog.New(&l.b) }

func (l *logged) messages() (out []string) {
	d := json.NewDecoder(&l.b)
	for {
		var line struct{ Message string }
		if d.Decode(&line) != nil {
			return out
		}
		out = append(out, line.Message)
	}
}
