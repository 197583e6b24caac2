package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// KeepFixed takes from the configuration that runs what can't be changed while
// it runs: then c is what can be put into force. It gives the keys that c had
// other values for, which need a restart. An error says that the rest can't do
// without them.
func (c *Config) KeepFixed(running *Config) (restart []string, err error) {
	keep := func(table string, to, from any) {
		restart = append(restart, keepStruct(table, reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem())...)
	}
	if c.StateDir != running.StateDir {
		restart = append(restart, "state_dir")
		c.StateDir = running.StateDir
	}
	was := c.Spool.MaxBytes
	keep("spool", &c.Spool, &running.Spool)
	if c.Admin.Listen != running.Admin.Listen { // the token may change
		restart = append(restart, "admin.listen")
		c.Admin.Listen = running.Admin.Listen
	}
	keep("shutdown", &c.Shutdown, &running.Shutdown)
	level := c.Log.Level
	c.Log.Level = running.Log.Level
	keep("log", &c.Log, &running.Log)
	c.Log.Level = level
	if !reflect.DeepEqual(c.Stdins, running.Stdins) { // its bytes can't be read again
		restart = append(restart, "sources.stdin")
		c.Stdins = running.Stdins
	}
	if was != c.Spool.MaxBytes {
		err = c.fitsSpool(was)
	}
	if err == nil {
		err = c.distinctSources()
	}
	return restart, err
}

// keepStruct sets the settings of a table to what they are in another, and
// gives the keys of those that differed.
func keepStruct(table string, to, from reflect.Value) (keys []string) {
	for i := range to.NumField() {
		key, _, _ := strings.Cut(to.Type().Field(i).Tag.Get("toml"), ",")
		if key == "" || key == "-" {
			continue
		}
		if !reflect.DeepEqual(to.Field(i).Interface(), from.Field(i).Interface()) {
			keys = append(keys, table+"."+key)
		}
	}
	to.Set(from)
	return keys
}

// fitsSpool holds the longest lines against the spool that runs: the check of
// the files held them against the one to come.
func (c *Config) fitsSpool(wanted option.Size) error {
	for _, s := range c.Sources() {
		if n := s.maxLine(); int64(n) > c.longestLine() {
			return fmt.Errorf("source %s: max_line = %v needs spool.max_bytes = %v, which needs a restart", s.Name, n, wanted)
		}
	}
	return nil
}

// maxLine is how long a source's lines may be.
func (i Item) maxLine() option.Size {
	switch s := i.What.(type) {
	case TailSource:
		return s.Tail.MaxLine
	case DropSource:
		return s.Drop.MaxLine
	case HTTPSource:
		return s.HTTP.MaxLine
	case SocketSource:
		return s.Socket.MaxLine
	case SyslogSource:
		return s.Syslog.MaxLine
	case StdinSource:
		return s.Stdin.MaxLine
	}
	return 0
}

// distinctSources finds a source that has the name of one that stays.
func (c *Config) distinctSources() error {
	var names []string
	for _, s := range c.Sources() {
		if slices.Contains(names, s.Name) {
			return fmt.Errorf("source %s: standard input has this name until a restart", s.Name)
		}
		names = append(names, s.Name)
	}
	if len(names) == 0 {
		return errors.New("no source is left until a restart")
	}
	return nil
}
