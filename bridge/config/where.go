package config

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// Place is where a bridge is found.
type Place struct {
	StateDir string
	Listen   string // of the admin listener; empty: none
	// Doubt says why the files don't tell the state directory, of which
	// StateDir is the default then. Empty: there is no doubt.
	Doubt string
}

// Where tells where the bridge is, as the files say it, whatever else is wrong
// with these: a bridge may still run with what they said before. Where they
// don't say it, it is the default. An error says that the main file can't be
// read.
func Where(name string) (Place, error) {
	l := &loader{tables: map[string][]*table{}, rescues: true}
	text, bad := read(name, unnamedHint)
	if bad != nil {
		return Place{}, fmt.Errorf("%s", bad)
	}
	c, ps := l.loadAll(name, text)
	at := Place{StateDir: c.StateDir, Listen: c.Admin.Listen}
	for _, p := range ps {
		if !p.Warning && (p.Key == "state_dir" || p.Key == "include" && l.stated == nil) {
			at.Doubt = p.File + ": " + p.Key + " can't be understood"
			break
		}
	}
	return at, nil
}

// rescue gives what a text that is no TOML still says of where the bridge is:
// the lines of these keys, each of which is TOML by itself. One of the first
// two that isn't is kept so that it is a problem of its key.
func rescue(text string) string {
	var b strings.Builder
	table := ""
	for line := range strings.Lines(strings.ToValidUTF8(text, "")) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			head, _, _ := strings.Cut(line, "]")
			table = strings.TrimSpace(head[1:]) + "."
			continue
		}
		key, _, _ := strings.Cut(line, "=")
		key = table + strings.TrimSpace(key)
		if key != "state_dir" && key != "include" && key != "admin.listen" {
			continue
		}
		line = table + line
		var values map[string]any
		if _, err := toml.Decode(b.String()+line, &values); err == nil {
			b.WriteString(line + "\n")
		} else if key != "admin.listen" {
			return key + " = false\n"
		}
	}
	return b.String()
}
