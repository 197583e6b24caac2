package tail

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of one tail source. Start from Defaults.
type Options struct {
	Name    string      `toml:"-"` // the source's name; it goes into ids
	Path    string      `toml:"path" doc:"the log to follow: a file or a glob; one that isn't there yet is waited for"`
	Start   string      `toml:"start" doc:"where reading begins in a file that is there at the source's very first start; later files are read from their beginning"`
	MaxLine option.Size `toml:"max_line" doc:"a longer line is cut, and counted"`

	Log zerolog.Logger `toml:"-"`

	// Linger is how long a rotated file must have been quiet until its last
	// line is taken without a newline and its descriptor is let go; 0: 2 s.
	Linger time.Duration `toml:"-"`
	// Rescan is how often the directory is looked through for what the hints
	// missed; 0: 500 ms.
	Rescan time.Duration `toml:"-"`
	// MaxHeld is how many files are held open at most; 0: a quarter of what
	// the process may have open, 512 at most.
	MaxHeld int `toml:"-"`
}

// The values of Options.Start.
const (
	StartEnd       = "end"
	StartBeginning = "beginning"
)

const (
	minMaxLine = 1 << 10
	maxMaxLine = 64 << 20

	defaultLinger = 2 * time.Second
	defaultRescan = 500 * time.Millisecond
)

var starts = []string{StartEnd, StartBeginning}

// Limits gives what the keys take.
func (*Options) Limits() option.Limits {
	return option.Limits{
		"path":     {Kind: "path", Required: true},
		"start":    option.OneOf(starts...),
		"max_line": option.Between[option.Size](minMaxLine, maxMaxLine),
	}
}

// Defaults gives the options of a table that names none.
func Defaults() Options {
	return Options{Start: StartEnd, MaxLine: 1 << 20}
}

// Check reports all problems of the settings, and makes Path absolute against
// dir, the folder of the file that they stand in. It doesn't look at the file:
// one that isn't there yet is waited for.
func (o *Options) Check(dir string) []option.Problem {
	var ps []option.Problem
	switch {
	case o.Path == "":
		ps = append(ps, option.Problem{Key: "path", Text: "is missing", Hint: "name the log file to follow"})
	case badGlob(o.Path):
		ps = append(ps, option.Problem{Key: "path", Text: fmt.Sprintf("%q is no valid glob", o.Path), Hint: "* and ? stand for any characters but /, [abc] for one of them; ** is not known"})
	case strings.HasSuffix(o.Path, "/"):
		ps = append(ps, option.Problem{Key: "path", Text: fmt.Sprintf("%q is a directory", o.Path), Hint: "name the log file to follow"})
	default:
		o.Path = option.AbsPath(o.Path, dir)
	}
	if !slices.Contains(starts, o.Start) {
		ps = append(ps, option.Problem{Key: "start", Text: fmt.Sprintf("%q is neither \"end\" nor \"beginning\"", o.Start), Hint: startHint(o.Start)})
	}
	if o.MaxLine < minMaxLine || o.MaxLine > maxMaxLine {
		ps = append(ps, option.Problem{Key: "max_line", Text: fmt.Sprintf("%s is out of range", o.MaxLine), Hint: "use 1KiB to 64MiB"})
	}
	return ps
}

func badGlob(path string) bool {
	_, err := filepath.Match(path, "")
	return err != nil || strings.Contains(path, "**")
}

func startHint(s string) string {
	if near := option.Nearest(s, starts); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "\"end\" skips what stands in the file at the very first start, \"beginning\" reads it"
}
