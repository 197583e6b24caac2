package parsers

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

// formParser reads the bodies of outbound events, one a line.
type formParser struct {
	mapping
	bag bag
}

const surveyPrefix = "survey_"

// Parse is bridge.Parser's.
func (p *formParser) Parse(rec bridge.Record, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	line := lineText(rec.Line)
	if isBlank(line) {
		return to, bridge.Ignored, nil
	}
	p.bag.reset()
	if err := readForm(line, &p.bag); err != nil {
		return to, 0, err
	}
	markCut(&p.bag, rec)
	name := p.bag.take("event")
	if name == "" || len(name) > nameMax {
		return to, 0, errors.New("form body without an event variable")
	}
	if err := checkName(name); err != nil {
		return to, 0, err
	}
	e := bridge.Event{Name: name, Source: bridge.Origin{Format: p.format}}
	stamp := p.bag.peek("timestamp")
	at, ok := unixSeconds(stamp)
	if ok {
		e.Timestamp = at
		p.bag.take("timestamp")
	}
	if !bridge.IsSessionEvent(name) {
		if !ok {
			e.Timestamp = rec.Time.Unix()
		}
		p.raw(&p.bag, &e)
		return append(to, e), bridge.Raw, nil
	}
	if !ok {
		return to, 0, fmt.Errorf("%s: timestamp %s is no Unix time in seconds", name, clip(stamp))
	}
	p.answers(&e)
	if err := p.session(&p.bag, &e); err != nil {
		return to, 0, err
	}
	return append(to, e), bridge.Parsed, nil
}

// answers takes the survey_NAME variables.
func (p *formParser) answers(e *bridge.Event) {
	for i := range p.bag.fields {
		f := &p.bag.fields[i]
		if name, ok := strings.CutPrefix(f.Name, surveyPrefix); ok && name != "" && !f.taken {
			e.Survey = append(e.Survey, bridge.Answer{Name: name, Answer: f.Value})
			f.taken = true
		}
	}
}

// readForm reads name=value&… into the bag.
func readForm(s string, b *bag) error {
	for at := 0; s != ""; {
		pair, rest, _ := strings.Cut(s, "&")
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return fmt.Errorf("variable at byte %d: %w", at, err)
		}
		name = valid(name)
		if err := b.add(bridge.Field{Name: name, Value: valid(value)}, name); err != nil {
			return err
		}
		at += len(pair) + 1
		s = rest
	}
	return nil
}
