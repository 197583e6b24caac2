package filesink

import (
	"io"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of a file recipient.
type Options struct {
	Path string `toml:"path" doc:"the file, one JSON line an event; - is standard output"`

	Name    string         `toml:"-"` // the recipient's
	Out     io.Writer      `toml:"-"` // what "-" is; nil: standard output
	Timeout time.Duration  `toml:"-"` // how long a delivery waits for its sync; 0: 15 s
	Log     zerolog.Logger `toml:"-"`
}

const standardOutput = "-"

// Defaults gives the settings that hold where a recipient says nothing.
func Defaults() Options { return Options{} }

// Limits gives what the keys take.
func (*Options) Limits() option.Limits { return option.Limits{"path": {Kind: "path", Required: true}} }

// Check finds what is wrong with the path and makes it absolute against dir.
// A file that isn't there yet, or whose folder isn't, is no mistake: it may
// come with a mount.
func (o *Options) Check(dir string) []option.Problem {
	switch {
	case o.Path == "":
		return []option.Problem{{Key: "path", Text: "is missing", Hint: `name a file, or "-" for standard output`}}
	case o.Path == standardOutput:
		return nil
	case strings.ContainsRune(o.Path, 0):
		return []option.Problem{{Key: "path", Text: "has a zero byte in it"}}
	}
	isDir := strings.HasSuffix(o.Path, "/")
	o.Path = option.AbsPath(o.Path, dir)
	if fi, err := os.Stat(o.Path); err == nil {
		isDir = fi.IsDir()
	}
	if isDir {
		return []option.Problem{{Key: "path", Text: o.Path + " is a directory", Hint: "name a file in it"}}
	}
	return nil
}
