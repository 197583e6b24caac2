package parsers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// siemParser reads the lines that a SIEM plugin writes.
type siemParser struct {
	mapping
	keys
	bag bag
}

func newSIEM(m mapping) *siemParser {
	return &siemParser{mapping: m, keys: newKeys(m.format)}
}

var (
	errNotSIEM  = errors.New("not time|vendor|product|version|id|event type|…")
	errBGInSIEM = errors.New("a BG line, which format bg reads")
)

// Parse is bridge.Parser's.
func (p *siemParser) Parse(rec bridge.Record, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	line := valid(lineText(rec.Line))
	if isBlank(line) {
		return to, bridge.Ignored, nil
	}
	row, err := p.row(line, rec.Time)
	if err != nil {
		return to, 0, err
	}
	if row.columns == nil {
		return to, bridge.Ignored, nil
	}
	name, err := eventName(strings.Trim(row.columns[5], " "))
	if err != nil {
		return to, 0, err
	}
	if name == "" || len(name) > nameMax {
		return to, bridge.Ignored, nil
	}
	p.bag.reset()
	if len(row.columns) == 7 {
		if err := readColumns(row.columns[6], &p.bag); err != nil {
			return to, 0, err
		}
	}
	markCut(&p.bag, rec)
	e := bridge.Event{Name: name, Timestamp: row.at, Source: bridge.Origin{Format: p.format, Host: row.host}}
	return p.event(e, to)
}

// row is a line's first columns: time, vendor, product, version, id and event
// type, then all the rest as one.
type row struct {
	columns []string
	at      int64
	host    string // of a syslog header before it
}

// row reads the first columns. Under a syslog header a line that has not the
// shape may come from any daemon: it has no columns then, and is no error.
func (p *siemParser) row(line string, now time.Time) (row, error) {
	r, before, err := p.cutRow(line, now)
	if err == nil {
		r.host, err = hostBefore(before, now, p.zone)
		return r, err
	}
	h, ok := cutHeader(line, now, p.zone)
	switch {
	case !ok:
		return row{}, err
	case h.tag == "BG":
		return row{}, errBGInSIEM
	}
	if r, before, err = p.cutRow(h.body, now); err != nil || before != "" {
		return row{}, nil
	}
	r.host = h.host
	return r, nil
}

// cutRow also gives what stands before the time in the first column.
func (p *siemParser) cutRow(line string, now time.Time) (r row, before string, err error) {
	c := strings.SplitN(line, "|", 7)
	if len(c) < 6 {
		return row{}, "", errNotSIEM
	}
	at, before, ok := trailingTime(c[0], now, p.zone)
	if !ok {
		return row{}, "", fmt.Errorf("no usable time in the first column %s", clip(c[0]))
	}
	return row{columns: c, at: at}, before, nil
}

func (p *siemParser) event(e bridge.Event, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	b := &p.bag
	b.alias("sessionId", "lsid")
	b.alias("deviceHost", "site")
	aliasKey(b)
	if e.Name == keyEvent {
		return to, bridge.Parsed, p.keys.set(b.take("lsid"), b.take("external_key"), e.Timestamp)
	}
	if !bridge.IsSessionEvent(e.Name) {
		p.raw(b, &e)
		p.keys.apply(&e, e.Timestamp)
		return append(to, e), bridge.Raw, nil
	}
	switch {
	case isMember(e.Name):
		aliasMember(b)
	case e.Name == bridge.EventOwnerChanged && b.value("dstPriv") == "representative":
		b.alias("dstUser", "display_name")
		b.alias("dstUid", "user_id")
	case e.Name == bridge.EventOwnerChanged:
		b.alias("dstUser", "conference_name")
		b.alias("dstUid", "conference_id")
	}
	if err := p.session(b, &e); err != nil {
		return to, 0, err
	}
	p.keys.apply(&e, e.Timestamp)
	return append(to, e), bridge.Parsed, nil
}

// aliasKey lets externalKey be the ticket's key where the plugin puts it:
// before all that people can write into. Values are not escaped, and a display
// name must not move a session to another ticket.
func aliasKey(b *bag) {
	for i := range b.fields {
		switch b.fields[i].Name {
		case "srcUser", "dstUser", "sessionOwner", "msg":
			return
		case "externalKey":
			b.fields[i].as = "external_key"
			return
		}
	}
}

func aliasMember(b *bag) {
	representative := b.value("srcPriv") == "representative"
	b.alias("srcUser", "name")
	b.alias("srcPriv", "type")
	for _, name := range [...]string{"hostname", "private_ip", "public_ip", "os"} {
		b.alias(name, name)
	}
	b.alias("srcHost", "hostname")
	b.alias("srcPrivAddr", "private_ip")
	b.alias("confMemOs", "os")
	if addr := b.value("srcAddr"); !strings.HasPrefix(addr, "[") || strings.Contains(addr, "]") {
		b.alias("srcAddr", "public_ip")
	}
	if representative {
		b.alias("username", "username")
		b.alias("user_id", "user_id")
		b.alias("srcUid", "user_id")
		b.alias("confMemPrivName", "display_name")
	}
}

// trailingTime reads the time at the end of the first column, and gives what
// stands before it: nothing, or a syslog header.
func trailingTime(s string, now time.Time, zone *time.Location) (at int64, before string, ok bool) {
	s = strings.TrimRight(s, " ")
	const iso = "2006-01-02 15:04:05"
	if n := len(s) - len(iso); n >= 0 {
		if t, err := time.ParseInLocation(iso, s[n:], zone); err == nil {
			return t.Unix(), s[:n], t.Unix() > 0
		}
	}
	for _, size := range [...]int{len("Dec 03 15:26:05"), len("Dec 3 15:26:05")} {
		n := len(s) - size
		if n < 0 {
			continue
		}
		if c, rest, ok := cutClock(s[n:]); ok && rest == "" {
			at, ok = c.near(now, zone)
			return at, s[:n], ok
		}
	}
	return 0, "", false
}

// hostBefore gives the host of a syslog header, if there is one.
func hostBefore(s string, now time.Time, zone *time.Location) (string, error) {
	if rest, ok := cutPriority(s); ok && rest == "" || s == "" {
		return "", nil
	}
	h, ok := cutHeader(s, now, zone)
	if !ok {
		return "", fmt.Errorf("no syslog header before the time: %s", clip(s))
	}
	return h.host, nil
}

// readColumns reads key=value|… into the bag. A | that is not followed by a
// word and a = belongs to the value, as does any later =.
func readColumns(s string, b *bag) error {
	s = strings.TrimSuffix(s, "|")
	for s != "" {
		key, size := cutWord(s)
		s = s[size:]
		end := 0
		for end < len(s) {
			if s[end] == '|' {
				if _, size := cutWord(s[end+1:]); size > 0 {
					break
				}
			}
			end++
		}
		if err := b.add(bridge.Field{Name: key, Value: s[:end]}, ""); err != nil {
			return err
		}
		if end == len(s) {
			return nil
		}
		s = s[end+1:]
	}
	return nil
}

// cutWord reads a word and the = behind it, with blanks between them; size is
// their length, 0 if they don't stand there.
func cutWord(s string) (word string, size int) {
	n := 0
	for n < len(s) && isWord(s[n]) {
		n++
	}
	i := n
	for i < len(s) && s[i] == ' ' {
		i++
	}
	if n == 0 || i == len(s) || s[i] != '=' {
		return "", 0
	}
	return s[:n], i + 1
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
