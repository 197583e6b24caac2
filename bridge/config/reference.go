package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// Table is one table of the configuration, for people.
type Table struct {
	Name string // "recipients.http"; empty: what stands before the first table
	Many bool   // it is written [[Name]], one for each
	Doc  string // one line
	Like string // another table, of which it has the keys, and no description of its own
	Keys []Key  // what is required first, else in the order of their owners
}

// Heading is how a file names the table; empty for the top.
func (t Table) Heading() string {
	switch {
	case t.Name == "":
		return ""
	case t.Many:
		return "[[" + t.Name + "]]"
	}
	return "[" + t.Name + "]"
}

// Key is one key of a table, for people and for the schema. All of it comes
// from where the key is owned: the struct's tags, its defaults and its limits.
type Key struct {
	Table, Name string
	Type        string // "text", "duration", "list of events", …
	Default     string // as it is written in a file; empty: none
	Doc         string // one line
	Of          string // of X_file and X_env: the secret X
	option.Limit

	field reflect.Type
	sub   []Key // of a table within
}

// Path is the whole name, such as "recipients.http.url". A star stands for a
// free name.
func (k Key) Path() string {
	if k.Table == "" {
		return k.Name
	}
	return k.Table + "." + k.Name
}

// anyName stands for a free name in the path of a table.
const anyName = "*"

// tableDocs says what each table is for, in the order of the reference.
var tableDocs = []struct{ name, doc string }{
	{"", "What stands before the first table."},
	{"log", "The program's own log, on standard error."},
	{"shutdown", "How it stops."},
	{"spool", "What is kept on disk, and for how long."},
	{"admin", "Where it can be looked at."},
	{"alerts", "Who is told what is no single recipient's."},
	{"sources.tail", "A log that is followed through rotation."},
	{"sources.drop", "A directory into which whole files are dropped."},
	{"sources.http", "POSTs of the appliance itself, or of a webhook: one event each."},
	{"sources.socket", "Lines that local programs send to a Unix socket."},
	{"sources.syslog", "Lines of syslog senders."},
	{"sources.stdin", "Lines from standard input; one at most."},
	{"smtp", "The mail server that all mail goes through."},
	{"defaults.http", "What holds for all HTTP recipients that don't say otherwise."},
	{"defaults.email", "What holds for all email recipients that don't say otherwise."},
	{"recipients.http", "Who gets events by POST."},
	{"recipients.email", "Who gets events by mail."},
	{"recipients.file", "A file that gets a JSON line for each event."},
}

// Reference gives all tables that a configuration can have, each with all its
// keys. Tables within a table come behind it.
func Reference() []Table {
	known := knownTables()
	var out []Table
	for _, d := range tableDocs {
		s := known[d.name]
		t := Table{Name: d.name, Doc: d.doc}
		group, kind, _ := strings.Cut(d.name, ".")
		t.Many = slices.Contains(kindsOf[group], kind)
		if group == "defaults" {
			t.Like = "recipients." + kind
			s = s.withDefaultsOf(known[t.Like])
		}
		t.Keys = requiredFirst(s.describe(d.name))
		out = append(out, t)
		if t.Like == "" {
			out = append(out, within(t)...)
		}
	}
	return out
}

// knownTables decodes a file with one of each table, and gives what could
// stand in them. The fields hold the defaults.
func knownTables() map[string]settings {
	l := &loader{tables: map[string][]*table{}, known: map[string]settings{}}
	if main := l.parse("", []byte(allTables())); main.top != nil {
		l.gather(main)
	}
	l.build("")
	l.known[""] = settingsOf(&general{StateDir: defaultStateDir})
	for name, s := range l.known {
		limitsHere(name, s.limits)
	}
	// Format regex, which alone has them, is none of a request's.
	l.known["sources.http"] = l.known["sources.http"].without(map[string]string{"pattern": "lines", "unmatched": "lines"})
	return l.known
}

// withDefaultsOf gives the settings with the values that another table's have.
func (s settings) withDefaultsOf(other settings) settings {
	out := s
	out.fields = map[string][]reflect.Value{}
	for key := range s.fields {
		out.fields[key] = other.fields[key]
	}
	return out
}

// without gives the settings but for some keys.
func (s settings) without(refused map[string]string) settings {
	out := s
	out.keys = nil
	for _, key := range s.keys {
		if refused[key] == "" {
			out.keys = append(out.keys, key)
		}
	}
	return out
}

// describe gives the keys of a table of that name.
func (s settings) describe(table string) []Key {
	var out []Key
	for _, name := range s.keys {
		f := s.fields[name][0]
		k := Key{Table: table, Name: name, Doc: s.docs[name], Limit: s.limits[name], field: f.Type()}
		if base, twin := s.twinOf(name); twin {
			k.Of = base
			k.Doc = "the file that holds " + base + ", in one line; a bare name is looked up in $CREDENTIALS_DIRECTORY first"
			k.Kind = "path"
			if strings.HasSuffix(name, "_env") {
				k.Doc, k.Kind = "the environment variable that holds "+base, "name"
			}
		}
		k.Type, k.Default = typeOf(f, k.Limit), literal(f, k.Limit)
		switch {
		case isTables(f):
			k.sub = settingsOf(reflect.New(f.Type().Elem()).Interface()).describe(k.Path() + "." + anyName)
		case isTable(f) && f.Type() != reflect.TypeFor[option.Secret]():
			k.sub = settingsOf(f.Addr().Interface()).describe(k.Path())
		}
		out = append(out, k)
	}
	return out
}

func requiredFirst(keys []Key) []Key {
	slices.SortStableFunc(keys, func(a, b Key) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	return keys
}

// Range says in words which numbers, durations or sizes are taken, or how many
// entries; empty: there is no bound.
func (k Key) Range() string {
	show := func(n int64) string {
		switch reflect.New(k.field).Elem().Interface().(type) {
		case option.Duration, smtpsink.Window:
			return option.Duration(n).String()
		case option.Size:
			return option.Size(n).String()
		}
		return strconv.FormatInt(n, 10)
	}
	switch {
	case k.Least > 1 && k.Most > 0, k.field.Kind() == reflect.Int && k.Most > 0:
		return show(k.Least) + " to " + show(k.Most)
	case k.Most > 0:
		return show(k.Most) + " at most"
	case k.Least > 1:
		return show(k.Least) + " at least"
	case k.Least == 1:
		return "more than 0"
	case k.Entries > 0:
		return strconv.Itoa(k.Entries) + " at most"
	case k.Length > 0:
		return strconv.Itoa(k.Length) + " characters at most"
	}
	return ""
}

// twinOf gives the secret that a key is another way to say.
func (s settings) twinOf(name string) (base string, twin bool) {
	family := s.family(name)
	if len(family) == 3 && family[0] != name {
		return family[0], true
	}
	return "", false
}

// within gives the tables in a table.
func within(t Table) (out []Table) {
	for _, k := range t.Keys {
		if k.sub != nil {
			sub := Table{Name: k.sub[0].Table, Doc: upper(k.Doc) + ".", Keys: k.sub}
			out = append(append(out, sub), within(sub)...)
		}
	}
	return out
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// typeOf says what people call a key's type.
func typeOf(f reflect.Value, l option.Limit) string {
	switch f.Interface().(type) {
	case option.Duration, smtpsink.Window:
		return "duration"
	case option.Size:
		return "size"
	case option.Rate:
		return "rate"
	case option.Secret:
		return "secret"
	case option.List:
		if l.Kind != "" {
			return "list of " + l.Kind
		}
		return "list"
	case option.Texts:
		return "text, or list of texts"
	}
	switch f.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Map:
		if isTables(f) {
			return "tables"
		}
		return "table of texts"
	case reflect.Struct:
		return "table"
	case reflect.String:
		if l.Kind != "" {
			return l.Kind
		}
		return "text"
	}
	return "integer"
}

// literal writes a field's value as it stands in a file; empty if it is none.
func literal(f reflect.Value, l option.Limit) string {
	switch v := f.Interface().(type) {
	case option.Duration:
		return strconv.Quote(v.String())
	case option.Size:
		return strconv.Quote(v.String())
	case smtpsink.Window:
		if v == 0 {
			return `""`
		}
		return strconv.Quote(v.String())
	case option.Rate:
		return strconv.Quote(v.String())
	case option.List:
		if len(v) == 0 {
			return ""
		}
		return `["` + strings.Join(v, `", "`) + `"]`
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case string:
		if v == "" && !(l.OrNone && l.OneOf != nil) {
			return ""
		}
		return strconv.Quote(v)
	}
	return ""
}
