// Package stdin reads lines from a pipe, by default standard input.
//
// A pipe can't be read again: there are no positions, and what was read and
// not yet durable when the program dies is lost. Reading waits for emit, so
// that a full spool slows the writer down.
package stdin

import (
	"fmt"
	"io"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of one stdin source. Start from Defaults.
type Options struct {
	Name    string      `toml:"-"` // the source's name; it goes into ids
	MaxLine option.Size `toml:"max_line" doc:"a longer line is cut, and counted"`

	In  io.Reader      `toml:"-"` // nil: os.Stdin
	Log zerolog.Logger `toml:"-"`
}

const (
	minMaxLine = 1 << 10
	maxMaxLine = 64 << 20
)

// Limits gives what the keys take.
func (*Options) Limits() option.Limits {
	return option.Limits{"max_line": option.Between[option.Size](minMaxLine, maxMaxLine)}
}

// Defaults gives the options of a table that names none.
func Defaults() Options { return Options{MaxLine: 1 << 20} }

// Check reports all problems of the settings. No path stands in them: dir is
// not used.
func (o *Options) Check(string) []option.Problem {
	if o.MaxLine < minMaxLine || o.MaxLine > maxMaxLine {
		return []option.Problem{{Key: "max_line", Text: fmt.Sprintf("%s is out of range", o.MaxLine), Hint: "use 1KiB to 64MiB"}}
	}
	return nil
}
