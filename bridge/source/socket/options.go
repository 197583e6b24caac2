// Package socket reads lines that local programs send to a Unix socket, of
// connections or of datagrams.
//
// A sender on a connection is slowed while nothing can be made durable; with
// ack it is told of each line that is. What it sent and was not told of may be
// lost when either side dies: nothing can be read again. Who sends datagrams
// is blocked by the kernel while the socket's queue is full, or loses them if
// it doesn't want to wait.
package socket

import (
	"fmt"
	"io/fs"
	"math"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of one socket source. Start from Defaults.
type Options struct {
	Name     string      `toml:"-"` // the source's name; it goes into ids
	Path     string      `toml:"path" doc:"the socket; of 103 bytes at most"`
	Kind     string      `toml:"kind" doc:"stream: frames that end with a newline or are counted; datagram: each is a line"`
	Mode     string      `toml:"mode" doc:"of the socket's file, octal, set before anybody can use it"`
	Group    string      `toml:"group" doc:"of the socket's file: a name or a number; empty: the process's"`
	AllowUID option.List `toml:"allow_uid" doc:"user ids that may send; none: whoever the mode lets in"`
	Ack      bool        `toml:"ack" doc:"a stream's sender gets ok and a newline for each line once it is durable"`
	MaxLine  option.Size `toml:"max_line" doc:"a longer line is cut, and counted"`

	Log zerolog.Logger `toml:"-"`
}

// The values of Options.Kind.
const (
	KindStream   = "stream"
	KindDatagram = "datagram"
)

const (
	minMaxLine = 1 << 10
	maxMaxLine = 64 << 20

	// pathMax is the longest path that all systems can bind, in bytes; Linux
	// takes 107, others 103.
	pathMax = 103
)

var kinds = []string{KindStream, KindDatagram}

// Limits gives what the keys take.
func (*Options) Limits() option.Limits {
	return option.Limits{
		"path":      {Kind: "path", Required: true},
		"kind":      option.OneOf(kinds...),
		"mode":      {Kind: "mode", Pattern: `(0o)?0*[0-7]{1,3}`},
		"allow_uid": {Kind: "numbers", Pattern: `[0-9]+`},
		"max_line":  option.Between[option.Size](minMaxLine, maxMaxLine),
	}
}

// Defaults gives the options of a table that names none.
func Defaults() Options { return Options{Kind: KindStream, Mode: "0660", MaxLine: 1 << 20} }

// Check reports all problems of the settings, and makes Path absolute against
// dir, the folder of the file that they stand in. It doesn't look at the path.
func (o *Options) Check(dir string) []option.Problem {
	var ps []option.Problem
	if o.Path == "" {
		ps = append(ps, option.Problem{Key: "path", Text: "is missing", Hint: "name the socket, such as /run/tailpost/events.sock"})
	} else if o.Path = option.AbsPath(o.Path, dir); len(o.Path) > pathMax {
		ps = append(ps, option.Problem{Key: "path", Text: fmt.Sprintf("%q is too long for a socket", o.Path), Hint: fmt.Sprintf("use %d bytes at most", pathMax)})
	}
	if !slices.Contains(kinds, o.Kind) {
		ps = append(ps, option.Problem{Key: "kind", Text: fmt.Sprintf("%q is neither \"stream\" nor \"datagram\"", o.Kind), Hint: kindHint(o.Kind)})
	}
	if _, err := o.mode(); err != nil {
		ps = append(ps, option.Problem{Key: "mode", Text: fmt.Sprintf("%q is no mode", o.Mode), Hint: `use octal digits such as "0660"`})
	}
	if _, err := o.gid(); err != nil {
		ps = append(ps, option.Problem{Key: "group", Text: fmt.Sprintf("there is no group %q on this machine", o.Group), Hint: "create it, or use its number"})
	}
	ps = append(ps, o.checkUIDs()...)
	if o.Ack && o.Kind == KindDatagram {
		ps = append(ps, option.Problem{Key: "ack", Text: "datagrams can't be acknowledged", Hint: `use kind = "stream"`})
	}
	if o.MaxLine < minMaxLine || o.MaxLine > maxMaxLine {
		ps = append(ps, option.Problem{Key: "max_line", Text: fmt.Sprintf("%s is out of range", o.MaxLine), Hint: "use 1KiB to 64MiB"})
	}
	return ps
}

func kindHint(s string) string {
	if near := option.Nearest(s, kinds); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "a stream slows its senders down, and can acknowledge"
}

func (o *Options) checkUIDs() (ps []option.Problem) {
	for i, s := range o.AllowUID {
		if _, err := parseUID(s); err == nil {
			continue
		}
		hint := "use the user's number"
		if u, err := user.Lookup(s); err == nil {
			hint = "use " + u.Uid
		}
		ps = append(ps, option.Problem{Key: "allow_uid", Item: i + 1, Text: fmt.Sprintf("%q is no user id", s), Hint: hint})
	}
	if len(ps) == 0 && len(o.AllowUID) > 0 && !knowsPeers {
		ps = append(ps, option.Problem{Key: "allow_uid", Text: "this system doesn't tell who sends", Hint: "use mode and group"})
	}
	return ps
}

// parseUID reads a user id. The highest number stands for none.
func parseUID(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err == nil && n == math.MaxUint32 {
		err = strconv.ErrRange
	}
	return uint32(n), err
}

func (o *Options) mode() (fs.FileMode, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(o.Mode, "0o"), 8, 32)
	if err == nil && n > 0o777 {
		err = strconv.ErrRange
	}
	return fs.FileMode(n), err
}

// gid gives the group's number; -1 for the process's own.
func (o *Options) gid() (int, error) {
	if o.Group == "" {
		return -1, nil
	}
	if n, err := strconv.ParseUint(o.Group, 10, 31); err == nil {
		return int(n), nil
	}
	g, err := user.LookupGroup(o.Group)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(g.Gid)
}

// allows reports whether a user may send.
func (o *Options) allows(uid uint32) bool {
	return len(o.AllowUID) == 0 || slices.Contains(o.AllowUID, strconv.FormatUint(uint64(uid), 10))
}
