package config

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
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
	return findWithin(t.at, key)
}

// findWithin gives the place of a.b.c, or of the part of it that is there; a
// name in it may hold dots of its own.
func findWithin(at *place, key string) *place {
	for i := range len(key) {
		if key[i] != '.' {
			continue
		}
		p := at.key(key[:i])
		if p == nil {
			continue
		}
		if sub := p.key(key[i+1:]); sub != nil {
			return sub
		}
		if sub := findWithin(p, key[i+1:]); sub != nil {
			return sub
		}
		return p
	}
	return nil
}

// placeOf stands in with the table's own place for what could not be located:
// locate gives up behind values that are nested too deep.
func (t *table) placeOf(p *place) *place {
	if p == nil {
		return t.at
	}
	return p
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
	s := &table{file: t.file, name: join(t.name, key), at: t.placeOf(t.at.key(key))}
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
		out[i] = &table{file: t.file, name: name, at: t.placeOf(t.at.key(key).item(i)), values: values}
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
