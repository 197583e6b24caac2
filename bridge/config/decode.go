package config

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// decode gives each key of a table to its owners. Keys in refused are known,
// but must not stand here.
func (l *loader) decode(t *table, refused map[string]string, owners ...any) {
	s := settingsOf(owners...)
	if l.known != nil {
		l.known[t.name] = s.without(refused)
	}
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
		l.depends.named(t, key)
		for _, f := range s.fields[key] {
			l.setField(t, key, f)
		}
	}
}

func (l *loader) setField(t *table, key string, f reflect.Value) {
	if isTables(f) {
		l.setTables(t, key, f)
		return
	}
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
	err := t.file.meta.PrimitiveDecode(t.values[key], to) // takes text for a map without a word
	if err == nil && (f.Kind() != reflect.Map || isMap(raw)) {
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
