package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// SchemaURL is where the newest schema lies.
const SchemaURL = "https://raw.githubusercontent.com/tailpost/tailpost/main/docs/tailpost.schema.json"

// object is a part of a schema.
type object = map[string]any

// Schema gives a JSON Schema of the configuration, for editors: draft 7, which
// all of them know, without references, since draft 7 takes nothing beside
// one. It refuses nothing that the check takes. The check knows more: what goes
// with what, and what lies on disk.
func Schema() []byte {
	top := closed(object{})
	for _, t := range Reference() {
		if !strings.Contains(t.Name, anyName) && !isWithin(t.Name) {
			placeTable(top, t)
		}
	}
	top["$schema"] = "http://json-schema.org/draft-07/schema#"
	top["$id"] = SchemaURL
	top["title"] = "Tailpost's configuration"
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	_ = e.Encode(top) // maps of texts and numbers: can't fail
	return b.Bytes()
}

// isWithin reports whether a table stands within another one's keys.
func isWithin(name string) bool {
	return !slices.ContainsFunc(tableDocs, func(d struct{ name, doc string }) bool { return d.name == name })
}

// closed is a table that takes these keys alone.
func closed(properties object) object {
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

// placeTable puts a table where its name leads from the top.
func placeTable(top object, t Table) {
	s := tableSchema(t)
	if t.Name == "" {
		top["properties"] = s["properties"]
		return
	}
	if t.Many {
		s = object{"type": "array", "items": s, "description": t.Doc}
	}
	at, steps := top, strings.Split(t.Name, ".")
	for _, step := range steps[:len(steps)-1] {
		properties := at["properties"].(object)
		if properties[step] == nil {
			properties[step] = closed(object{})
		}
		at = properties[step].(object)
	}
	at["properties"].(object)[steps[len(steps)-1]] = s
}

func tableSchema(t Table) object {
	s := keysSchema(t.Keys)
	s["description"] = t.Doc
	var required []string
	for _, k := range t.Keys {
		switch ways := t.WaysToSay(k.Name); {
		case !k.Required || t.Like != "" || hasDefaults(t.Name, k.Name):
		case len(ways) > 1:
			s["oneOf"] = requireOne(ways)
		default:
			required = append(required, k.Name)
		}
	}
	if required != nil {
		s["required"] = required
	}
	return s
}

// WaysToSay gives the keys of which one says what a key does: itself, and the
// file or variable that may hold it.
func (t Table) WaysToSay(key string) []string {
	ways := []string{key}
	for _, k := range t.Keys {
		if k.Of == key {
			ways = append(ways, k.Name)
		}
	}
	return ways
}

func requireOne(keys []string) (out []object) {
	for _, k := range keys {
		out = append(out, object{"required": []string{k}})
	}
	return out
}

// hasDefaults reports whether a recipient's key may stand in [defaults]
// instead.
func hasDefaults(table, key string) bool {
	kind, ok := strings.CutPrefix(table, "recipients.")
	refused := map[string]map[string]string{"http": refusedHTTP, "email": refusedEmail}[kind]
	return ok && refused != nil && refused[key] == ""
}

func keysSchema(keys []Key) object {
	properties := object{}
	for _, k := range keys {
		properties[k.Name] = k.schema()
	}
	return closed(properties)
}

// schema gives what a key takes.
func (k Key) schema() object {
	s := k.values()
	s["description"] = k.Doc
	if r := k.Range(); r != "" {
		s["description"] = k.Doc + " (" + r + ")"
	}
	switch d := k.Default; {
	case strings.HasPrefix(d, "["):
		s["default"] = json.RawMessage(d)
	case d != "" && k.field.Kind() == reflect.Bool, d != "" && k.field.Kind() == reflect.Int:
		s["default"] = json.RawMessage(d)
	case d != "":
		s["default"], _ = strconv.Unquote(d)
	}
	return s
}

func (k Key) values() object {
	text := func(pattern string) object { return object{"type": "string", "pattern": whole(pattern)} }
	switch reflect.New(k.field).Elem().Interface().(type) {
	case option.Duration:
		return text(option.DurationPattern)
	case smtpsink.Window:
		return text("|" + option.DurationPattern)
	case option.Size:
		return text(option.SizePattern)
	case option.Rate:
		return text(option.RatePattern)
	case option.Secret:
		return k.text()
	case option.List:
		return k.list()
	case option.Texts:
		return object{"type": []string{"string", "array"}, "items": object{"type": "string"}, "maxItems": k.Entries}
	}
	switch k.field.Kind() {
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return object{"type": "integer", "minimum": k.Least, "maximum": k.Most}
	case reflect.Map:
		return k.free()
	case reflect.Struct:
		return keysSchema(k.sub)
	}
	return k.text()
}

// text is one text.
func (k Key) text() object {
	s := object{"type": "string"}
	switch {
	case k.OneOf != nil && k.OrNone:
		s["enum"] = append([]string{""}, k.OneOf...)
	case k.OneOf != nil:
		s["enum"] = k.OneOf
	case k.Pattern != "" && k.OrNone:
		s["pattern"] = whole("|" + k.Pattern)
	case k.Pattern != "":
		s["pattern"] = whole(k.Pattern)
	case k.Required:
		s["minLength"] = 1
	}
	if k.Length > 0 {
		s["maxLength"] = k.Length
	}
	return s
}

// whole makes a pattern one of the whole text.
func whole(pattern string) string { return "^(?:" + pattern + ")$" }

// seps part the words of a list that is one text; see option.ParseList.
const seps = `,; \t\n\r`

// list is an array of words, or one text of them; a whole number is a word.
func (k Key) list() object {
	word, entry := `[^`+seps+`]+`, object{"type": []string{"string", "integer"}}
	types := []string{"string", "integer", "array"}
	if k.Pattern != "" {
		entry["pattern"] = whole(`\s*(?:` + k.Pattern + `)\s*`)
		if !regexp.MustCompile(whole(k.Pattern)).MatchString("1") {
			entry["type"], types = "string", []string{"string", "array"}
		}
	}
	s := object{"type": types, "items": entry}
	switch {
	case k.Kind == "events":
		s["items"] = eventName()
		s["anyOf"] = []object{{"type": []string{"array", "integer"}}, {"enum": bridge.SessionEvents()}, {"not": object{"pattern": whole(`\s*` + bridge.SessionPrefix + `[^` + seps + `]*\s*`)}}}
	case k.Entries > 0:
		s["maxItems"] = k.Entries
		s["pattern"] = `^[` + seps + `]*(?:` + word + `(?:[` + seps + `]+|$)){0,` + strconv.Itoa(k.Entries) + `}$`
	case k.Pattern != "":
		s["pattern"] = `^[` + seps + `]*(?:(?:` + k.Pattern + `)(?:[` + seps + `]+|$))*$`
	}
	return s
}

// eventName is one of the seven session events, or a raw event's name.
func eventName() object {
	return object{"anyOf": []object{
		{"enum": append(bridge.SessionEvents(), "*")}, {"type": "integer"},
		{"type": "string", "pattern": `\S`, "not": object{"pattern": `^\s*` + bridge.SessionPrefix}},
	}}
}

// free is a table whose keys have any name.
func (k Key) free() object {
	if k.sub == nil {
		return object{"type": "object", "additionalProperties": object{"type": "string"}}
	}
	one := keysSchema(k.sub)
	one["minProperties"] = 1
	return object{"type": "object", "propertyNames": eventName(), "additionalProperties": one, "maxProperties": k.Entries}
}
