package parsers

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// regexParser reads lines by the user's own patterns, whose named groups are
// the fields. The first pattern that matches a whole line counts.
type regexParser struct {
	mapping
	keys
	patterns []pattern
	strict   bool // a line that no pattern matches goes to quarantine
	bag      bag
}

// The values of Options.Unmatched.
const (
	UnmatchedIgnore     = "ignore"
	UnmatchedQuarantine = "quarantine"
)

// PatternsMax is how many patterns a source may have.
const PatternsMax = 100

const patternMax = 8 << 10 // bytes of one

// Prefixes of groups that are no field of the event themselves.
const (
	customPrefix = "custom_"
	extraPrefix  = "extra_"
)

// pattern is one expression, matched against the whole line.
type pattern struct {
	re     *regexp.Regexp
	groups []group
}

// group is a named group of a pattern, and what its text becomes.
type group struct {
	index int
	kind  groupKind
	name  string // of the field, the custom field, the answer or the event
}

type groupKind uint8

const (
	groupField  groupKind = iota // a field of the event, or what is listed in custom_fields
	groupEvent                   // the event has this name if the group took part
	groupCustom                  // custom_NAME
	groupSurvey                  // survey_NAME
	groupExtra                   // extra_NAME
)

func newRegex(m mapping, o Options) (*regexParser, error) {
	if len(o.Patterns) == 0 {
		return nil, errors.New("format regex needs a pattern")
	}
	if len(o.Patterns) > PatternsMax {
		return nil, fmt.Errorf("%d patterns; %d are allowed", len(o.Patterns), PatternsMax)
	}
	p := &regexParser{mapping: m, keys: newKeys(m.format)}
	switch cmp.Or(o.Unmatched, UnmatchedIgnore) {
	case UnmatchedIgnore:
	case UnmatchedQuarantine:
		p.strict = true
	default:
		return nil, fmt.Errorf("unmatched %s is unknown; use %q or %q", clip(o.Unmatched), UnmatchedIgnore, UnmatchedQuarantine)
	}
	for _, text := range o.Patterns {
		one, err := m.pattern(text)
		if err != nil {
			return nil, err
		}
		p.patterns = append(p.patterns, one)
	}
	return p, nil
}

// pattern compiles an expression and finds out what its groups mean.
func (m *mapping) pattern(text string) (pattern, error) {
	if len(text) > patternMax {
		return pattern{}, fmt.Errorf("a pattern of %d bytes; %d are allowed", len(text), patternMax)
	}
	// By itself first: what is wrong is said of what was written, and ")(" does
	// not leave the group that is put around it.
	if _, err := regexp.Compile(text); err != nil {
		if bad := new(syntax.Error); errors.As(err, &bad) {
			return pattern{}, fmt.Errorf("pattern: %s: %s", bad.Code, clip(bad.Expr))
		}
		return pattern{}, fmt.Errorf("pattern: %w", err)
	}
	re, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return pattern{}, fmt.Errorf("pattern: %w", err)
	}
	one := pattern{re: re}
	for i, name := range re.SubexpNames() {
		if name == "" {
			continue
		}
		g, err := m.group(name)
		if err != nil {
			return pattern{}, err
		}
		g.index = i
		one.groups = append(one.groups, g)
	}
	return one, one.check()
}

// group finds out what a group of that name means.
func (m *mapping) group(name string) (group, error) {
	rest := func(prefix string) string { return strings.TrimPrefix(name, prefix) }
	switch {
	case bridge.IsSessionEvent(name):
		return group{kind: groupEvent, name: name}, nil
	case slices.Contains(regexFields(), name) || m.custom[name]:
		return group{kind: groupField, name: name}, nil
	case strings.HasPrefix(name, customPrefix) && rest(customPrefix) != "":
		return group{kind: groupCustom, name: rest(customPrefix)}, nil
	case strings.HasPrefix(name, surveyPrefix) && rest(surveyPrefix) != "":
		return group{kind: groupSurvey, name: rest(surveyPrefix)}, nil
	case strings.HasPrefix(name, extraPrefix) && rest(extraPrefix) != "" && !slices.Contains(regexFields(), rest(extraPrefix)):
		return group{kind: groupExtra, name: rest(extraPrefix)}, nil
	}
	return group{}, fmt.Errorf("pattern: the group %q is no field of an event; the fields are %s, and custom_NAME, survey_NAME and extra_NAME", name, strings.Join(regexFields(), ", "))
}

// regexFields are the groups that are fields of the event by their own name.
func regexFields() []string {
	out := []string{"event", "timestamp", "site_id", "gsnumber", senderID}
	for _, places := range [][]place{outbound, member, details} {
		for _, p := range places {
			out = append(out, p.name)
		}
	}
	slices.Sort(out)
	return out
}

// check refuses a pattern that could never give an event.
func (p *pattern) check() error {
	has := func(kind groupKind, name string) bool {
		return slices.ContainsFunc(p.groups, func(g group) bool { return g.kind == kind && (name == "" || g.name == name) })
	}
	switch {
	case len(p.groups) == 0:
		return errors.New("pattern: no named group, such as (?P<event>...)")
	case !has(groupField, "event") && !has(groupEvent, ""):
		return errors.New("pattern: no group says which event it is: (?P<event>...), or one named as an event, (?P<support_conference_end>...)")
	case has(groupEvent, "") && !(has(groupField, "lsid") && has(groupField, "timestamp")):
		return errors.New("pattern: a session event needs the groups lsid and timestamp")
	}
	return nil
}

// Parse is bridge.Parser's.
func (p *regexParser) Parse(rec bridge.Record, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	line := valid(lineText(rec.Line))
	if isBlank(line) {
		return to, bridge.Ignored, nil
	}
	for i := range p.patterns {
		if at := p.patterns[i].re.FindStringSubmatchIndex(line); at != nil {
			return p.matched(&p.patterns[i], rec, line, at, to)
		}
	}
	if p.strict {
		return to, 0, errors.New("no pattern matches the line")
	}
	return to, bridge.Ignored, nil
}

// matched makes an event of a line and where its groups stand in it.
func (p *regexParser) matched(pat *pattern, rec bridge.Record, line string, at []int, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	var e bridge.Event
	if err := p.fields(pat, rec, line, at, &e); err != nil {
		return to, 0, err
	}
	named, err := eventName(p.bag.take("event"))
	if err != nil {
		return to, 0, err
	}
	e.Name = cmp.Or(e.Name, named)
	if e.Name == "" || len(e.Name) > nameMax {
		return to, bridge.Ignored, nil
	}
	stamp := p.bag.peek("timestamp")
	when, ok := looseTime(stamp, rec.Time, p.zone)
	if ok {
		p.bag.take("timestamp")
	}
	e.Timestamp, e.Source = when, bridge.Origin{Format: p.format}
	switch {
	case !bridge.IsSessionEvent(e.Name) && e.Name != keyEvent:
		return p.rawEvent(e, rec, ok, to)
	case !ok:
		return to, 0, fmt.Errorf("%s: timestamp %s can't be read", e.Name, clip(stamp))
	case e.Name == keyEvent:
		return to, bridge.Parsed, p.keys.set(p.bag.take("lsid"), p.bag.take("external_key"), e.Timestamp)
	}
	e.SiteID = p.bag.take("site_id")
	if err := p.session(&p.bag, &e); err != nil {
		return to, 0, err
	}
	p.keys.apply(&e, e.Timestamp)
	return append(to, e), bridge.Parsed, nil
}

// rawEvent finishes an event that is none of the seven.
func (p *regexParser) rawEvent(e bridge.Event, rec bridge.Record, hasTime bool, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	at := e.Timestamp
	if !hasTime {
		e.Timestamp = rec.Time.Unix()
	}
	e.Extra = append(e.Extra, e.Custom...)
	for _, a := range e.Survey {
		e.Extra = append(e.Extra, bridge.Field{Name: surveyPrefix + a.Name, Value: a.Answer})
	}
	e.Custom, e.Survey = nil, nil
	p.raw(&p.bag, &e)
	e.Extra = unique(e.Extra)
	p.keys.apply(&e, at)
	return append(to, e), bridge.Raw, nil
}

// fields puts what the groups hold into the bag, and what has a shape of its
// own into e. In a line that was cut, a group that ends at the cut is not
// whole and is left out.
func (p *regexParser) fields(pat *pattern, rec bridge.Record, line string, at []int, e *bridge.Event) error {
	p.bag.reset()
	for _, g := range pat.groups {
		from, to := at[2*g.index], at[2*g.index+1]
		if from < 0 || rec.Cut > 0 && to == len(line) {
			continue
		}
		f := bridge.Field{Name: g.name, Value: strings.Clone(line[from:to])}
		switch g.kind {
		case groupEvent:
			e.Name = cmp.Or(e.Name, g.name)
		case groupCustom:
			e.Custom = append(e.Custom, f)
		case groupSurvey:
			e.Survey = append(e.Survey, bridge.Answer{Name: f.Name, Answer: f.Value})
		case groupExtra:
			if err := p.bag.add(f, ""); err != nil {
				return err
			}
		default:
			if err := p.bag.add(f, f.Name); err != nil {
				return err
			}
		}
	}
	if rec.Cut > 0 {
		p.bag.fields = append(p.bag.fields, field{Field: cutField(rec)})
	}
	return nil
}

// looseTime reads the times that logs write: Unix seconds; ISO 8601 with T or
// a blank, dashes or slashes, with or without an offset and a fraction;
// "03/Dec/2024:15:26:05 +0000"; "Dec  3 15:26:05". Those without a zone are in
// zone, those without a year in the one nearest to now.
func looseTime(s string, now time.Time, zone *time.Location) (int64, bool) {
	s = strings.TrimSpace(s)
	if n, ok := unixSeconds(s); ok {
		return n, true
	}
	if len(s) > 40 {
		return 0, false
	}
	if c, rest, ok := cutClock(s); ok && rest == "" {
		return c.near(now, zone)
	}
	if t, err := time.Parse("02/Jan/2006:15:04:05 -0700", s); err == nil {
		return t.Unix(), t.Unix() > 0
	}
	if len(s) > 10 && (s[10] == ' ' || s[10] == 'T') {
		s = strings.ReplaceAll(s[:10], "/", "-") + "T" + strings.ReplaceAll(s[11:], " ", "")
	}
	return isoTime(s, zone)
}
