package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// fileMax bounds a configuration file, in bytes.
const fileMax = 1 << 20

// bom may stand before the text, as some editors put it.
const bom = "\xef\xbb\xbf"

// file is one configuration file.
type file struct {
	name string // for people
	dir  string // the folder it stands in, absolute: relative paths start here
	meta toml.MetaData
	top  *table // nil if the text is no TOML
}

// read gives the text of a file. A problem says why it can't.
func read(name string) ([]byte, *Problem) {
	f, err := os.Open(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, fileMax+1))
	if err != nil {
		return nil, unreadable(name, err)
	}
	if len(text) > fileMax {
		return nil, &Problem{File: name, Text: "is longer than 1 MiB", Hint: "is it a configuration file?"}
	}
	return text, nil
}

func unreadable(name string, err error) *Problem {
	p := &Problem{File: name, Text: cause(err)}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.Hint = "name another with --config or $TAILPOST_CONFIG"
	case errors.Is(err, fs.ErrPermission):
		p.Hint = fmt.Sprintf("it must be readable for uid %d", os.Geteuid())
	}
	return p
}

// cause leaves out the operation and the path, which the problem names itself.
func cause(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return "can't be read: " + pe.Err.Error()
	}
	return "can't be read: " + err.Error()
}

// parse reads a file's text. If it is no TOML, the problem says where.
func parse(name string, text []byte) (*file, *Problem) {
	f := &file{name: name}
	abs, err := filepath.Abs(name)
	if err != nil {
		return f, unreadable(name, err)
	}
	f.dir = filepath.Dir(abs)
	clean := strings.TrimPrefix(string(text), bom)
	values := map[string]toml.Primitive{}
	f.meta, err = toml.Decode(clean, &values)
	if err != nil {
		return f, syntax(name, clean, err)
	}
	f.top = &table{file: f, at: locate(clean), values: values}
	return f, nil
}

// syntax says where a text is no TOML.
func syntax(name, text string, err error) *Problem {
	p := &Problem{File: name, Line: 1, Column: 1, Text: err.Error()}
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return p
	}
	before := text[:min(max(pe.Position.Start, 0), len(text))]
	p.Line = 1 + strings.Count(before, "\n")
	p.Column = 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	p.Key = pe.LastKey
	p.Text = strings.TrimSuffix(strings.TrimPrefix(pe.Message, "toml: "), ".")
	if holdsSecret(pe.LastKey) {
		// The library's message may quote what stands there.
		p.Text, p.Hint = "the value is no TOML", "put text in quotes"
	}
	return p
}

// holdsSecret guesses by its name whether a key's value must not be shown.
func holdsSecret(key string) bool {
	key = strings.ToLower(key)
	if strings.HasSuffix(key, "_file") || strings.HasSuffix(key, "_env") {
		return false
	}
	for _, word := range []string{"password", "secret", "token", "authorization", "header"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}
