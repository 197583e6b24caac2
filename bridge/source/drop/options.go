package drop

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of one drop source. Start from Defaults.
type Options struct {
	Dir     string      `toml:"dir" doc:"the directory into which files are renamed when they are whole"`
	Match   string      `toml:"match" doc:"a pattern of their names, with * ? [ ]; hidden ones and those that end in ~, .tmp or .part are left alone"`
	Done    string      `toml:"done" doc:"what becomes of a file whose last line is durable; move: into done/ under dir"`
	MaxLine option.Size `toml:"max_line" doc:"a longer line is cut, and counted"`

	Name string         `toml:"-"` // the source's; it goes into ids
	Log  zerolog.Logger `toml:"-"`

	// Settle is how long a file that is to be moved or deleted stays after emit
	// has taken its last line: for a spool that syncs at intervals.
	Settle time.Duration `toml:"-"`
	// Linger is how long a file must have been quiet to be finished; 0: 2 s.
	Linger time.Duration `toml:"-"`
	// Rescan is how often the directory is looked through for what the hints
	// missed; 0: 2 s.
	Rescan time.Duration `toml:"-"`
}

// The values of Options.Done.
const (
	DoneKeep   = "keep"
	DoneMove   = "move"
	DoneDelete = "delete"
)

// doneDir is where files are moved to, under the directory.
const doneDir = "done"

const (
	minMaxLine = 1 << 10
	maxMaxLine = 64 << 20

	defaultLinger = 2 * time.Second
	defaultRescan = 2 * time.Second
)

var dones = []string{DoneKeep, DoneMove, DoneDelete}

// Limits gives what the keys take.
func (*Options) Limits() option.Limits {
	return option.Limits{
		"dir":      {Kind: "path", Required: true},
		"match":    {Pattern: `[^/]+`},
		"done":     option.OneOf(dones...),
		"max_line": option.Between[option.Size](minMaxLine, maxMaxLine),
	}
}

// Defaults gives the options of a table that names none.
func Defaults() Options { return Options{Match: "*", Done: DoneMove, MaxLine: 1 << 20} }

// Check reports all problems of the settings, and makes Dir absolute against
// dir, the folder of the file that they stand in. A directory that isn't there
// yet is waited for.
func (o *Options) Check(dir string) []option.Problem {
	var ps []option.Problem
	if o.Dir == "" {
		ps = append(ps, option.Problem{Key: "dir", Text: "is missing", Hint: "name the directory where files are dropped"})
	} else {
		o.Dir = filepath.Clean(option.AbsPath(o.Dir, dir))
	}
	switch _, err := filepath.Match(o.Match, ""); {
	case err != nil || o.Match == "":
		ps = append(ps, option.Problem{Key: "match", Text: fmt.Sprintf("%q is no pattern of names", o.Match), Hint: `use one like "*.json"`})
	case strings.Contains(o.Match, "/"):
		ps = append(ps, option.Problem{Key: "match", Text: fmt.Sprintf("%q has a slash in it", o.Match), Hint: "files of dir itself are read, none below it"})
	}
	if !slices.Contains(dones, o.Done) {
		hint := "use keep, move or delete"
		if near := option.Nearest(o.Done, dones); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		ps = append(ps, option.Problem{Key: "done", Text: fmt.Sprintf("%q is unknown", o.Done), Hint: hint})
	}
	if o.MaxLine < minMaxLine || o.MaxLine > maxMaxLine {
		ps = append(ps, option.Problem{Key: "max_line", Text: fmt.Sprintf("%s is out of range", o.MaxLine), Hint: "use 1KiB to 64MiB"})
	}
	return ps
}

// Takes reports whether a file of that name is to be read.
func (o *Options) Takes(name string) bool {
	for _, end := range [...]string{"~", ".tmp", ".part"} {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	ok, err := filepath.Match(o.Match, name)
	return ok && err == nil && !strings.HasPrefix(name, ".")
}
