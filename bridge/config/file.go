package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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

// read gives the text of a file, or a problem that says why it can't, with the
// hint in missing where there is no such file.
func read(name, missing string) ([]byte, *Problem) {
	f, err := os.Open(name)
	if err != nil {
		return nil, unreadable(name, missing, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, fileMax+1))
	if err != nil {
		return nil, unreadable(name, missing, err)
	}
	if len(text) > fileMax {
		return nil, &Problem{File: name, Text: "is longer than 1 MiB", Hint: "is it a configuration file?"}
	}
	return text, nil
}

func unreadable(name, missing string, err error) *Problem {
	p := &Problem{File: name, Text: cause(err)}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.Hint = missing
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
		return f, unreadable(name, "", err)
	}
	f.dir = filepath.Dir(abs)
	clean := strings.TrimPrefix(string(text), bom)
	if n := validPrefix(clean); n < len(clean) {
		line, col := lineCol(clean, n)
		return f, &Problem{File: name, Line: line, Column: col, Text: "this byte is not UTF-8", Hint: "save the file as UTF-8"}
	}
	values := map[string]toml.Primitive{}
	f.meta, err = toml.Decode(clean, &values)
	if err != nil {
		return f, syntax(name, clean, err)
	}
	f.top = &table{file: f, at: locate(clean), values: values}
	return f, nil
}
