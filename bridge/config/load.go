package config

import "slices"

// The keys of the top, and the kinds of sources and recipients. Another kind
// is a name here, a case in gather, and its struct in Config.
var (
	topKeys   = []string{"state_dir", "include"}
	topTables = []string{"log", "shutdown", "spool", "admin", "alerts", "sources", "smtp", "defaults", "recipients"}
	kindsOf   = map[string][]string{
		"sources":    {"tail", "drop", "http", "socket", "syslog", "stdin"},
		"recipients": {"http", "email", "file"},
	}
	defaultsOf = []string{"http", "email"}
)

// Load reads the file of that name and what it includes. It gives all problems
// in the order of the files and their lines; the Config is nil if one of them
// is more than a warning.
func Load(name string) (*Config, []Problem) {
	c, ps, _ := Read(name)
	return c, ps
}

// Look is Load for who only looks and sends nothing: a secret or a certificate
// that can't be read is a warning, and is left out. Other users, and a shell
// without the credentials of a service, have no part in them.
func Look(name string) (*Config, []Problem) {
	c, ps, _ := (&loader{tables: map[string][]*table{}, looks: true}).read(name)
	return c, ps
}

const unnamedHint = "name another with --config or $TAILPOST_CONFIG"

// Parse is Load for a main file whose text is at hand. Relative paths and
// includes start at the folder of name.
func Parse(name string, text []byte) (*Config, []Problem) {
	l := &loader{tables: map[string][]*table{}}
	return l.load(name, text)
}

func (l *loader) load(name string, text []byte) (*Config, []Problem) {
	c, ps := l.loadAll(name, text)
	if l.report.refuses() {
		c = nil
	}
	return c, ps
}

// loadAll gives what could be understood, whatever the problems.
func (l *loader) loadAll(name string, text []byte) (*Config, []Problem) {
	if main := l.parse(name, text); main.top != nil {
		l.include(main)
	}
	for _, f := range l.files {
		if f.top != nil {
			l.gather(f)
		}
	}
	c := l.build(name)
	return c, l.report.sorted(l.files)
}

// loader holds what has been read so far.
type loader struct {
	report  report
	depends Depends
	files   []*file
	partial bool // a file or a table was not understood: what is missing may stand there
	rescues bool // of a file that is no TOML the lines count that say where the bridge is
	looks   bool // what a setting names and can't be had, such as a secret, refuses nothing

	tables map[string][]*table // by whole name, in the order of the files
	stated *table              // the top that has state_dir
	input  inputFields         // of the sources

	known map[string]settings // of each table that was decoded; nil: nobody asks
}

// parse takes the text of a file in.
func (l *loader) parse(name string, text []byte) *file {
	f, bad := parse(name, text)
	if bad != nil {
		l.report.add(*bad)
		l.partial = true
		if l.rescues {
			f, _ = parse(name, []byte(rescue(string(text))))
		}
	}
	l.files = append(l.files, f)
	return f
}

// gather sorts a file's tables by their names. What may be there once is an
// error in a second file.
func (l *loader) gather(f *file) {
	top := f.top
	for _, key := range top.keys() {
		switch key {
		case "state_dir":
			l.gatherStateDir(top)
		case "include":
			if f != l.files[0] {
				l.complain(top, key, "an included file can't include others", "name the files in "+l.files[0].name)
			}
		case "log", "shutdown", "spool", "admin", "alerts", "smtp":
			if t, ok := l.sub(top, key); ok {
				l.once(t)
			}
		case "defaults":
			l.gatherDefaults(top)
		case "sources", "recipients":
			l.gatherKinds(top, key)
		default:
			l.unknown(top, key, slices.Concat(topKeys, topTables))
			l.partial = true
		}
	}
}

func (l *loader) gatherStateDir(top *table) {
	if l.stated != nil {
		l.twice(top, top.find("state_dir"), "state_dir", l.stated, l.stated.find("state_dir"))
		return
	}
	l.stated = top
}

func (l *loader) gatherDefaults(top *table) {
	group, ok := l.sub(top, "defaults")
	if !ok {
		return
	}
	for _, kind := range group.keys() {
		if !slices.Contains(defaultsOf, kind) {
			l.unknown(group, kind, defaultsOf)
		} else if t, ok := l.sub(group, kind); ok {
			l.once(t)
		}
	}
}

func (l *loader) gatherKinds(top *table, key string) {
	group, ok := l.sub(top, key)
	if !ok {
		return
	}
	for _, kind := range group.keys() {
		if !slices.Contains(kindsOf[key], kind) {
			l.unknown(group, kind, kindsOf[key])
			l.partial = true
			continue
		}
		for _, t := range l.items(group, kind) {
			l.tables[t.name] = append(l.tables[t.name], t)
		}
	}
}

// once takes in a table that may stand in one file only.
func (l *loader) once(t *table) {
	if first := l.one(t.name); first != nil {
		l.twice(t, t.at, t.name, first, first.at)
		return
	}
	l.tables[t.name] = []*table{t}
}

// one gives a table that may be there once, or nil.
func (l *loader) one(name string) *table {
	if ts := l.tables[name]; len(ts) > 0 {
		return ts[0]
	}
	return nil
}

func (l *loader) twice(t *table, at *place, key string, first *table, firstAt *place) {
	l.complainAt(t, at, key, "stands in "+where(first, firstAt)+" already", "keep one of them")
}
