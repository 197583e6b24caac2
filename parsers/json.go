package parsers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

// jsonParser reads one object a line, in either of the two shapes of session
// events, or that of a webhook's request, which gives a raw event.
type jsonParser struct {
	mapping
	keys
	bag bag
}

func newJSON(m mapping) *jsonParser {
	return &jsonParser{mapping: m, keys: newKeys(m.format)}
}

// Parse is bridge.Parser's.
func (p *jsonParser) Parse(rec bridge.Record, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	line := lineText(rec.Line)
	if isBlank(line) {
		return to, bridge.Ignored, nil
	}
	if rec.Cut > 0 {
		return to, 0, fmt.Errorf("the object was cut, %d bytes are missing", rec.Cut)
	}
	p.bag.reset()
	if err := readObject([]byte(valid(line)), &p.bag); err != nil {
		return to, 0, err
	}
	name, err := eventName(objectName(&p.bag))
	if err != nil {
		return to, 0, err
	}
	if name == "" || len(name) > nameMax {
		return to, bridge.Ignored, nil
	}
	e := bridge.Event{Name: name, Source: bridge.Origin{Format: p.format}}
	stamp := p.bag.peek("timestamp")
	at, ok := anyTime(stamp)
	switch {
	case ok:
		e.Timestamp = at
		p.bag.take("timestamp")
	case stamp == "" && !bridge.IsSessionEvent(name):
		at, ok = anyTime(p.bag.peek(webhookTime))
		e.Timestamp = at
	}
	p.bag.alias("session_id", "lsid")
	if !ok {
		e.Timestamp = rec.Time.Unix()
	}
	if name != keyEvent && !bridge.IsSessionEvent(name) {
		p.raw(&p.bag, &e)
		p.keys.apply(&e, at)
		return append(to, e), bridge.Raw, nil
	}
	if !ok {
		return to, 0, fmt.Errorf("%s: timestamp %s is neither Unix seconds nor RFC 3339", name, clip(stamp))
	}
	return p.ours(e, to)
}

// ours finishes a session event, or sets a session's key.
func (p *jsonParser) ours(e bridge.Event, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	if e.Name == keyEvent {
		if err := spread(&p.bag); err != nil {
			return to, 0, err
		}
		return to, bridge.Parsed, p.keys.set(p.bag.take("lsid"), p.bag.take("external_key"), e.Timestamp)
	}
	if err := p.members(&p.bag, &e); err != nil {
		return to, 0, err
	}
	p.keys.apply(&e, e.Timestamp)
	return append(to, e), bridge.Parsed, nil
}

// members puts the members of a session event's object into e.
func (m *mapping) members(b *bag, e *bridge.Event) error {
	if err := spread(b); err != nil {
		return err
	}
	if isMember(e.Name) {
		performer(b)
		b.alias("private_name", "display_name")
	}
	if err := customObjects(b, e); err != nil {
		return err
	}
	surveyArray(b, e)
	e.SiteID = b.take("site_id")
	return m.session(b, e)
}

// The fields of a webhook's request that name it and its time. They stay among
// its fields, because the vendor's templates have tokens for them.
const (
	webhookName = "EventType"
	webhookTime = "Timestamp"
)

// objectName takes the name out of the field that makes the shape.
func objectName(b *bag) string {
	for _, field := range [...]string{"event", "event_type"} {
		if name := b.take(field); name != "" {
			return name
		}
	}
	name := b.peek(webhookName)
	if ours, err := eventName(name); err != nil || ours == keyEvent || bridge.IsSessionEvent(ours) {
		return "" // a webhook tells of no sessions
	}
	return name
}

var errNoObject = errors.New("no JSON object")

// readObject reads the fields of a JSON object into the bag, sorted by name.
// Of a name that comes twice the last one counts.
func readObject(text []byte, b *bag) error {
	if text = bytes.TrimLeft(text, " \t"); len(text) == 0 || text[0] != '{' {
		return errNoObject
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(text, &m); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return fmt.Errorf("JSON at byte %d: %w", syntax.Offset, err)
		}
		return fmt.Errorf("JSON: %w", err)
	}
	return addObject(m, "", b)
}

// addObject adds the members of m; one whose name is taken gets the prefix.
func addObject(m map[string]json.RawMessage, prefix string, b *bag) error {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f, err := plainField(name, m[name])
		if err != nil {
			return err
		}
		if prefix != "" && b.has(name) {
			f.Name = prefix + name
		}
		if err := b.add(f, f.Name); err != nil {
			return err
		}
	}
	return nil
}

// plainField is bridge.JSONField, with a short way for what needs no decoding:
// text without escapes, numbers and literals. v is valid JSON.
func plainField(name string, v json.RawMessage) (bridge.Field, error) {
	switch {
	case len(v) > 1 && v[0] == '"' && bytes.IndexByte(v, '\\') < 0:
		return bridge.Field{Name: name, Value: string(v[1 : len(v)-1])}, nil
	case len(v) > 0 && v[0] != '"' && v[0] != '{' && v[0] != '[':
		return bridge.Field{Name: name, Value: string(v), JSON: true}, nil
	}
	return bridge.JSONField(name, v)
}

// object decodes the field of that name if it is an object.
func (b *bag) object(name string) (*field, map[string]json.RawMessage) {
	f := b.find(name)
	if f == nil || !f.JSON || !strings.HasPrefix(f.Value, "{") {
		return nil, nil
	}
	var m map[string]json.RawMessage
	if json.Unmarshal([]byte(f.Value), &m) != nil {
		return nil, nil
	}
	return f, m
}

// spread lets the members of data stand beside it.
func spread(b *bag) error {
	f, m := b.object("data")
	if f == nil {
		return nil
	}
	f.taken = true
	return addObject(m, "data.", b)
}

// performer fills a member's name and type from performed_by. Where it says
// more, or otherwise, it stays.
func performer(b *bag) {
	f, m := b.object("performed_by")
	if f == nil {
		return
	}
	used := true
	for name, v := range m {
		got, err := bridge.JSONField(name, v)
		switch {
		case err != nil || got.JSON || name != "name" && name != "type":
			used = false
		case b.supply(got):
		case b.peek(name) != got.Value:
			used = false
		}
	}
	b.find("performed_by").taken = used
}

// customObjects takes the objects that hold custom fields.
func customObjects(b *bag, e *bridge.Event) error {
	for _, name := range [...]string{"custom", "custom_attributes"} {
		f, m := b.object(name)
		if f == nil {
			continue
		}
		if len(e.Custom)+len(m) > maxFields {
			return fmt.Errorf("more than %d custom fields", maxFields)
		}
		codes := bag{}
		if err := addObject(m, "", &codes); err != nil {
			return err
		}
		for _, c := range codes.fields {
			e.Custom = append(e.Custom, c.Field)
		}
		f.taken = true
	}
	return nil
}

// surveyArray takes the answers where they have the shape of ours. Whatever
// else they hold stays in Extra.
func surveyArray(b *bag, e *bridge.Event) {
	f := b.find("survey")
	if f == nil || !f.JSON {
		return
	}
	var list []map[string]json.RawMessage
	if json.Unmarshal([]byte(f.Value), &list) != nil || len(list) > maxFields {
		return
	}
	whole := true
	for _, m := range list {
		var a bridge.Answer
		for name, v := range m {
			at := map[string]*string{"id": &a.ID, "name": &a.Name, "label": &a.Label, "type": &a.Type, "answer": &a.Answer}[name]
			got, err := bridge.JSONField(name, v)
			switch {
			case err != nil || at == nil:
				whole = false
			case got.Value != "null" || !got.JSON:
				*at = got.Value
			}
		}
		e.Survey = append(e.Survey, a)
	}
	f.taken = whole
}
