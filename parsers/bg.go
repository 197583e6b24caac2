package parsers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

// bgParser reads the appliance's syslog.
type bgParser struct {
	mapping
	segments
	bag bag
}

func newBG(m mapping) *bgParser {
	return &bgParser{mapping: m, segments: newSegments()}
}

var errNoHeader = errors.New("no syslog header (time, host, program)")

// Parse is bridge.Parser's.
func (p *bgParser) Parse(rec bridge.Record, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	line := lineText(rec.Line)
	h, ok := cutHeader(line, rec.Time, p.zone)
	p.segments.step(h.host, h.at)
	switch {
	case !ok && isBlank(line):
		return to, bridge.Ignored, nil
	case !ok:
		return to, 0, errNoHeader
	case strings.HasPrefix(h.body, "{"):
		return p.object(rec, h, h.body, to)
	case h.tag != "BG":
		return to, bridge.Ignored, nil
	}
	seg, err := cutSegment(h.body)
	switch {
	case err != nil:
		return to, 0, err
	case seg.total == 1:
		return p.message(rec, h, seg, seg.payload, to)
	case rec.Cut > 0:
		return to, 0, fmt.Errorf("part %d of %d was cut, %d bytes are missing", seg.number, seg.total, rec.Cut)
	case h.at == 0:
		return to, 0, fmt.Errorf("part %d of %d has no time", seg.number, seg.total)
	}
	return p.part(rec, h, seg, to)
}

// part places a part and gives the message's event once it is whole.
func (p *bgParser) part(rec bridge.Record, h header, seg segment, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	payload, outcome, err := p.segments.add(rec, h, seg)
	if err != nil || outcome != bridge.Parsed {
		return to, outcome, err
	}
	before := len(to)
	to, outcome, err = p.message(rec, h, seg, payload, to)
	for i := range to[before:] {
		to[before+i].Places = p.segments.places
	}
	p.segments.settle(outcome, err)
	return to, outcome, err
}

// segment is what stands between header and payload.
type segment struct {
	siteID        string // may begin with 0
	number, total int
	payload       string
}

// partsMax is how many parts a message may have.
const partsMax = 999

// cutSegment reads siteid:segment:total: and gives the rest.
func cutSegment(body string) (segment, error) {
	var p segment
	f := strings.SplitN(body, ":", 4)
	if len(f) < 4 || !isSiteID(f[0]) {
		return p, fmt.Errorf("BG line without site id, segment and total: %s", clip(body))
	}
	number, ok1 := digits(f[1])
	total, ok2 := digits(f[2])
	if !ok1 || !ok2 || number < 1 || number > total || total > partsMax {
		return p, fmt.Errorf("BG line with segment %s of %s", clip(f[1]), clip(f[2]))
	}
	return segment{siteID: f[0], number: number, total: total, payload: f[3]}, nil
}

func isSiteID(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i] | 0x20; !(c >= 'a' && c <= 'z' || s[i] >= '0' && s[i] <= '9') {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

// message reads a whole payload.
func (p *bgParser) message(rec bridge.Record, h header, seg segment, payload string, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	if strings.HasPrefix(payload, "{") {
		return p.object(rec, h, payload, to)
	}
	p.bag.reset()
	if err := readPayload(valid(payload), &p.bag); err != nil {
		return to, 0, err
	}
	markCut(&p.bag, rec)
	name := p.bag.take("event")
	if err := checkName(name); err != nil {
		return to, 0, err
	}
	if name == "" || len(name) > nameMax {
		return to, bridge.Ignored, nil
	}
	e := bridge.Event{Name: name, Timestamp: h.at, SiteID: seg.siteID, Source: bridge.Origin{Format: p.format, Host: valid(h.host)}}
	if at, ok := unixSeconds(p.bag.peek("when")); ok {
		e.Timestamp = at
		p.bag.take("when")
	}
	if !bridge.IsSessionEvent(name) {
		if e.Timestamp == 0 {
			e.Timestamp = rec.Time.Unix()
		}
		p.raw(&p.bag, &e)
		return append(to, e), bridge.Raw, nil
	}
	if e.Timestamp == 0 {
		return to, 0, fmt.Errorf("%s without a time: neither when nor a time in the header", name)
	}
	p.named(&e)
	if err := p.session(&p.bag, &e); err != nil {
		return to, 0, err
	}
	return append(to, e), bridge.Parsed, nil
}

// named takes the fields whose names hold another one: survey:ID:… and
// custom:CODE.
func (p *bgParser) named(e *bridge.Event) {
	var s survey
	for i := range p.bag.fields {
		f := &p.bag.fields[i]
		if f.taken {
			continue
		}
		if code, ok := strings.CutPrefix(f.Name, "custom:"); ok && code != "" {
			e.Custom = append(e.Custom, bridge.Field{Name: code, Value: f.Value})
			f.taken = true
		} else if rest, ok := strings.CutPrefix(f.Name, "survey:"); ok {
			if n := strings.LastIndexByte(rest, ':'); n > 0 {
				f.taken = s.set(rest[:n], rest[n+1:], f.Value)
			}
		}
	}
	e.Survey = s.answers
}

// object reads a JSON object in the same stream: a raw event if it has a name.
// It is no error if it has none, or is no JSON. It never gives a session event:
// any daemon that logs through the same relay could forge one.
func (p *bgParser) object(rec bridge.Record, h header, text string, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	p.bag.reset()
	if rec.Cut > 0 || readObject([]byte(valid(text)), &p.bag) != nil {
		return to, bridge.Ignored, nil
	}
	name := objectName(&p.bag)
	if name == "" || len(name) > nameMax || strings.HasPrefix(name, bridge.SessionPrefix) {
		return to, bridge.Ignored, nil
	}
	e := bridge.Event{Name: name, Timestamp: h.at, Source: bridge.Origin{Format: p.format, Host: valid(h.host)}}
	if at, ok := anyTime(p.bag.peek("timestamp")); ok {
		e.Timestamp = at
		p.bag.take("timestamp")
	}
	if e.Timestamp == 0 {
		e.Timestamp = rec.Time.Unix()
	}
	p.bag.alias("session_id", "lsid")
	p.raw(&p.bag, &e)
	return append(to, e), bridge.Raw, nil
}
