package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/tailpost/tailpost/bridge/option"
)

// table is one table of a file, with what is known of its keys.
type table struct {
	file   *file
	name   string // "recipients.http"; empty: the file's top
	at     *place
	values map[string]toml.Primitive
	bad    map[string]bool // keys whose value could not be taken: they have their problem
}

// keys gives the table's keys in the order of the file.
func (t *table) keys() []string {
	return slices.SortedFunc(maps.Keys(t.values), func(a, b string) int {
		p, q := t.at.key(a), t.at.key(b)
		if p == nil || q == nil || p.line == q.line && p.col == q.col {
			return strings.Compare(a, b)
		}
		if p.line != q.line {
			return p.line - q.line
		}
		return p.col - q.col
	})
}

// raw gives a value as the library holds it; nil if there is none.
func (t *table) raw(key string) any {
	if _, ok := t.values[key]; !ok {
		return nil
	}
	var v any
	_ = t.file.meta.PrimitiveDecode(t.values[key], &v) // into any: can't fail
	return v
}

// find gives the place of a key, which may be one of a table within (a.b) or
// one of a secret's other names; nil if it isn't there.
func (t *table) find(key string) *place {
	for _, k := range []string{key, key + "_file", key + "_env"} {
		if p := t.at.key(k); p != nil {
			return p
		}
	}
	if first, rest, ok := strings.Cut(key, "."); ok {
		if p := t.at.key(first); p != nil {
			if sub := p.key(rest); sub != nil {
				return sub
			}
			return p
		}
	}
	return nil
}

// markBad notes that a key's value could not be taken.
func (t *table) markBad(key string) {
	if t.bad == nil {
		t.bad = map[string]bool{}
	}
	t.bad[key] = true
}

// isBad reports whether a problem of that key follows from one that is known.
func (t *table) isBad(key string) bool {
	first, _, _ := strings.Cut(key, ".")
	return t.bad[first] || t.bad[first+"_file"] || t.bad[first+"_env"]
}

// sub gives the table under a key, and false if it is none.
func (l *loader) sub(t *table, key string) (*table, bool) {
	s := &table{file: t.file, name: join(t.name, key), at: t.at.key(key)}
	if raw := t.raw(key); !isMap(raw) {
		hint := "write [" + s.name + "]"
		if kinds := kindsOf[s.name]; len(kinds) > 0 {
			hint = "write [[" + s.name + "." + kinds[0] + "]]"
		}
		l.complainAt(t, s.at, s.name, "is "+kind(raw)+", not a table", hint)
		l.partial = true
		return nil, false
	}
	_ = t.file.meta.PrimitiveDecode(t.values[key], &s.values) // a table: can't fail
	return s, true
}

// items gives the tables of the array under a key.
func (l *loader) items(t *table, key string) []*table {
	name := join(t.name, key)
	raw := t.raw(key)
	for _, it := range listed(raw) {
		if !isMap(it) {
			l.complainAt(t, t.at.key(key), name, "is a list of other things than tables", "write [["+name+"]]")
			l.partial = true
			return nil
		}
	}
	if reflect.ValueOf(raw).Kind() != reflect.Slice {
		l.complainAt(t, t.at.key(key), name, "is "+kind(raw)+", not a list of tables", "write [["+name+"]]")
		l.partial = true
		return nil
	}
	var all []map[string]toml.Primitive
	_ = t.file.meta.PrimitiveDecode(t.values[key], &all)
	out := make([]*table, len(all))
	for i, values := range all {
		out[i] = &table{file: t.file, name: name, at: t.at.key(key).item(i), values: values}
	}
	return out
}

func isMap(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// listed gives the elements of an array in brackets; one of [[tables]] has none.
func listed(raw any) []any {
	list, _ := raw.([]any)
	return list
}

func join(table, key string) string {
	if table == "" {
		return quoteKey(key)
	}
	return table + "." + quoteKey(key)
}

// quoteKey makes a key from a file safe to show.
func quoteKey(key string) string {
	for i := range len(key) {
		if !isBare(key[i]) {
			return strconv.Quote(key)
		}
	}
	if key == "" {
		return `""`
	}
	return key
}

// decode gives each key of a table to its owners. Keys in refused are known,
// but must not stand here.
func (l *loader) decode(t *table, refused map[string]string, owners ...any) {
	s := settingsOf(owners...)
	for key := range t.values {
		for _, other := range s.family(key) { // this table's way to say a secret takes the place of the defaults'
			for _, f := range s.fields[other] {
				f.SetZero()
			}
		}
	}
	for _, key := range t.keys() {
		if why := refused[key]; why != "" {
			l.complain(t, key, why, "")
			continue
		}
		if s.fields[key] == nil {
			l.unknown(t, key, s.keys)
			continue
		}
		for _, f := range s.fields[key] {
			l.setField(t, key, f)
		}
	}
}

func (l *loader) setField(t *table, key string, f reflect.Value) {
	if !isTable(f) {
		l.set(t, key, f.Addr().Interface())
		return
	}
	if s, ok := l.sub(t, key); ok {
		l.decode(s, nil, f.Addr().Interface())
		return
	}
	t.markBad(key)
}

// set puts a key's value where to points, and reports whether it could.
func (l *loader) set(t *table, key string, to any) bool {
	f := reflect.ValueOf(to).Elem()
	if f.Kind() == reflect.Map { // a recipient's table takes the place of the defaults', it is not added to it
		f.SetZero()
	}
	raw := t.raw(key)
	n, whole := raw.(int64)
	err := t.file.meta.PrimitiveDecode(t.values[key], to)
	if err == nil && !(whole && n < 0 && f.CanUint()) {
		return true
	}
	t.markBad(key)
	var said toml.ParseError
	if errors.As(err, &said) { // by the setting's own type
		text, hint, _ := strings.Cut(said.Message, "; ")
		l.complain(t, key, text, hint)
		return false
	}
	if entries, ok := raw.(map[string]any); ok && f.Kind() == reflect.Map {
		l.mismatchedEntries(t, key, f.Type().Elem(), entries)
		return false
	}
	text, hint := mismatch(f, raw)
	l.complain(t, key, text, hint)
	return false
}

// mismatchedEntries complains about the entries of a table that holds entries
// of another type.
func (l *loader) mismatchedEntries(t *table, key string, want reflect.Type, entries map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if v := entries[name]; reflect.TypeOf(v) != want {
			text, hint := mismatch(reflect.New(want).Elem(), v)
			l.complainAt(t, t.at.key(key).key(name), key+"."+quoteKey(name), text, hint)
		}
	}
}

// unknown complains about a key that nobody owns.
func (l *loader) unknown(t *table, key string, known []string) {
	hint := ""
	switch near := option.Nearest(key, known); {
	case near != "":
		hint = fmt.Sprintf("did you mean %q?", near)
	case t.name != "" && slices.Contains(topKeys, key):
		hint = "it belongs before the first [table]"
	case t.name == "" && owner(key) != "":
		hint = "did you mean [[" + owner(key) + "]]?"
	case len(known) <= 8:
		hint = "known here: " + strings.Join(known, ", ")
	}
	l.complainAt(t, t.at.key(key), quoteKey(key), "unknown key", hint)
}

// owner gives the whole name of the table of a kind: of http, recipients.http.
func owner(kind string) string {
	for _, group := range []string{"sources", "recipients"} {
		if slices.Contains(kindsOf[group], kind) {
			return group + "." + kind
		}
	}
	return ""
}

// complain adds a problem of a key; without one, of the table itself.
func (l *loader) complain(t *table, key, text, hint string) {
	at := t.at
	if key == "" {
		key = t.name
	} else if p := t.find(key); p != nil {
		at = p
	}
	l.complainAt(t, at, key, text, hint)
}

func (l *loader) complainAt(t *table, at *place, key, text, hint string) {
	if at == nil { // nested deeper than locate goes
		at = t.file.top.at
	}
	l.report.add(Problem{File: t.file.name, Line: at.line, Column: at.col, Key: key, Text: text, Hint: hint})
}

// owned adds what an owner's check has found. A key that doesn't stand in the
// table is looked for in its defaults, which may be nil.
func (l *loader) owned(t, defaults *table, ps []option.Problem) {
	for _, p := range ps {
		if t.isBad(p.Key) || defaults != nil && defaults.isBad(p.Key) {
			continue
		}
		in, at := t, t.at
		if own := t.find(p.Key); own != nil {
			at = own
		} else if defaults != nil && defaults.find(p.Key) != nil {
			in, at = defaults, defaults.find(p.Key)
		}
		key := p.Key
		if key == "" {
			key = t.name
		}
		l.report.add(Problem{File: in.file.name, Line: at.line, Column: at.col, Key: key, Text: p.Text, Hint: p.Hint, Warning: p.Warning})
	}
}
