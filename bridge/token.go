package bridge

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Token gives the text of the field that a %%name%% token means; see Lookup.
func (e *Event) Token(name string) (string, bool) {
	f, ok := e.Lookup(name)
	return f.Value, ok
}

// Lookup gives the field that a token's name means: a canonical field by its
// JSON name, an answer as survey_NAME (or survey_ID), a custom or extra field
// by its own name, in this order, names without regard to case. A canonical
// field that is empty and may be left out gives way to one of the input's: a
// raw event's hostname stands in its Extra. So does any in a raw event that has
// a field of exactly that name: Timestamp is the input's, timestamp ours.
//
// Where no field has the whole name, a dot leads inside: custom.NAME and
// extra.NAME are fields of that list alone, source.name, .format, .host and
// .offset where the event comes from, and of a field that is a JSON object or
// array data.user.name or items.0 is a member.
func (e *Event) Lookup(name string) (Field, bool) {
	empty := false
	for i := range canonical {
		c := &canonical[i]
		if !strings.EqualFold(c.name, name) {
			continue
		}
		if f := exactly(e.Extra, name); f != nil && name != c.name && !IsSessionEvent(e.Name) {
			return *f, true
		}
		if v := c.get(e); v != "" || c.always {
			return Field{Name: c.name, Value: v, JSON: c.number}, true
		}
		empty = true
		break
	}
	if rest, ok := cutPrefixFold(name, "survey_"); ok {
		for _, a := range e.Survey {
			if strings.EqualFold(a.Key(), rest) {
				return Field{Name: name, Value: a.Answer}, true
			}
		}
	}
	for _, fs := range [...][]Field{e.Custom, e.Extra} {
		if f := named(fs, name); f != nil {
			return *f, true
		}
	}
	if strings.Contains(name, ".") {
		if f, ok := e.inside(name); ok {
			return f, true
		}
	}
	return Field{Name: name}, empty
}

// inside looks a name with dots up.
func (e *Event) inside(name string) (Field, bool) {
	for _, in := range [...]struct {
		prefix string
		fields []Field
	}{{"custom.", e.Custom}, {"extra.", e.Extra}} {
		if rest, ok := cutPrefixFold(name, in.prefix); ok {
			if f := named(in.fields, rest); f != nil {
				return *f, true
			}
			if f, ok := memberOf(in.fields, rest); ok {
				return f, true
			}
		}
	}
	if rest, ok := cutPrefixFold(name, "source."); ok {
		switch strings.ToLower(rest) {
		case "name":
			return Field{Name: name, Value: e.Source.Name}, true
		case "format":
			return Field{Name: name, Value: e.Source.Format}, true
		case "host":
			return Field{Name: name, Value: e.Source.Host}, true
		case "offset":
			return Field{Name: name, Value: strconv.FormatInt(e.Source.Offset, 10), JSON: true}, true
		}
	}
	if f, ok := memberOf(e.Custom, name); ok {
		return f, true
	}
	return memberOf(e.Extra, name)
}

// named gives the field of that name: as it is written, else without regard to
// case.
func named(fs []Field, name string) *Field {
	if f := exactly(fs, name); f != nil {
		return f
	}
	for i := range fs {
		if strings.EqualFold(fs[i].Name, name) {
			return &fs[i]
		}
	}
	return nil
}

// exactly gives the field whose name is written so.
func exactly(fs []Field, name string) *Field {
	for i := range fs {
		if fs[i].Name == name {
			return &fs[i]
		}
	}
	return nil
}

// memberOf gives what a path leads to inside one of the fields. The longest
// name of a field goes first: dots may be part of it.
func memberOf(fs []Field, path string) (Field, bool) {
	for end := strings.LastIndexByte(path, '.'); end > 0; end = strings.LastIndexByte(path[:end], '.') {
		f := named(fs, path[:end])
		if f == nil || !f.JSON {
			continue
		}
		if v, ok := member(json.RawMessage(f.Value), path[end+1:]); ok {
			got, err := JSONField(path, v)
			return got, err == nil
		}
	}
	return Field{}, false
}

// member gives what a path leads to inside a JSON value. Each step costs a
// pass over the value; a token's name bounds their number.
func member(v json.RawMessage, path string) (json.RawMessage, bool) {
	var list []json.RawMessage
	var object map[string]json.RawMessage
	switch {
	case len(v) == 0 || path == "":
	case v[0] == '[' && json.Unmarshal(v, &list) == nil:
		head, rest, more := strings.Cut(path, ".")
		i, err := strconv.ParseUint(head, 10, 31)
		if err != nil || int(i) >= len(list) {
			return nil, false
		}
		if !more {
			return list[i], true
		}
		return member(list[i], rest)
	case v[0] == '{' && json.Unmarshal(v, &object) == nil:
		for end := len(path); end > 0; end = strings.LastIndexByte(path[:end], '.') {
			next, ok := key(object, path[:end])
			if ok && end == len(path) {
				return next, true
			}
			if ok {
				if got, ok := member(next, path[end+1:]); ok {
					return got, true
				}
			}
		}
	}
	return nil, false
}

// key gives the member of that name: as it is written, else without regard to
// case; of several the first in the order of their bytes.
func key(object map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	if v, ok := object[name]; ok {
		return v, true
	}
	best, found := "", false
	for k := range object {
		if strings.EqualFold(k, name) && (!found || k < best) {
			best, found = k, true
		}
	}
	return object[best], found
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}
