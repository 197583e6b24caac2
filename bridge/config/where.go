package config

import "fmt"

// Where gives the state directory and the address of the admin listener as the
// files say them, whatever else is wrong with these: a bridge may still run
// with what they said before. Where they don't say it, or can't be understood,
// it is the default. An error says that the main file can't be read.
func Where(name string) (stateDir, listen string, err error) {
	l := &loader{tables: map[string][]*table{}}
	text, bad := read(name, unnamedHint)
	if bad != nil {
		return "", "", fmt.Errorf("%s", bad)
	}
	c, _ := l.loadAll(name, text)
	return c.StateDir, c.Admin.Listen, nil
}
