package bridge

import (
	"strconv"
	"unicode/utf8"
)

// canonical lists the scalar fields in the order of the canonical JSON.
var canonical = []struct {
	name   string
	get    func(*Event) string
	always bool // stands there even when empty
	number bool
}{
	{name: "id", get: func(e *Event) string { return e.ID.String() }, always: true},
	{name: "event", get: func(e *Event) string { return e.Name }, always: true},
	{name: "version", get: func(e *Event) string { return e.Version }, always: true},
	{name: "timestamp", get: func(e *Event) string { return strconv.FormatInt(e.Timestamp, 10) }, always: true, number: true},
	{name: "appliance_id", get: func(e *Event) string { return e.ApplianceID }, always: true},
	{name: "lsid", get: func(e *Event) string { return e.Session }, always: true},
	{name: "external_key", get: func(e *Event) string { return e.ExternalKey }, always: true},
	{name: "site", get: func(e *Event) string { return e.Site }},
	{name: "site_id", get: func(e *Event) string { return e.SiteID }},
	{name: "conference_id", get: func(e *Event) string { return e.ConferenceID }},
	{name: "conference_name", get: func(e *Event) string { return e.ConferenceName }},
	{name: "name", get: func(e *Event) string { return e.MemberName }},
	{name: "type", get: func(e *Event) string { return e.MemberType }},
	{name: "username", get: func(e *Event) string { return e.Username }},
	{name: "user_id", get: func(e *Event) string { return e.UserID }},
	{name: "display_name", get: func(e *Event) string { return e.DisplayName }},
	{name: "gsnumber", get: func(e *Event) string { return nonZero(e.GSNumber) }, number: true},
	{name: "private_ip", get: func(e *Event) string { return e.PrivateIP }},
	{name: "public_ip", get: func(e *Event) string { return e.PublicIP }},
	{name: "hostname", get: func(e *Event) string { return e.Hostname }},
	{name: "os", get: func(e *Event) string { return e.OS }},
}

func nonZero(v int64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatInt(v, 10)
}

// AppendJSON appends the canonical JSON of the event: one line, fields in the
// order of the canonical list, then survey, custom, extra and source. Integers
// are numbers, ids strings. Empty fields are left out, save id, event,
// version, timestamp, appliance_id, lsid and external_key. Bytes that are no
// UTF-8 become U+FFFD.
func (e *Event) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	for i, c := range canonical {
		v := c.get(e)
		if v == "" && !c.always {
			continue
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendKey(b, c.name)
		if c.number {
			b = append(b, v...)
		} else {
			b = AppendJSONString(b, v)
		}
	}
	b = appendSurvey(b, e.Survey)
	b = appendFields(b, "custom", e.Custom)
	b = appendFields(b, "extra", e.Extra)
	b = appendOrigin(b, e.Source)
	return append(b, '}')
}

func appendKey(b []byte, k string) []byte {
	b = append(b, '"')
	b = append(b, k...)
	return append(b, '"', ':')
}

func appendSurvey(b []byte, as []Answer) []byte {
	if len(as) == 0 {
		return b
	}
	b = append(b, `,"survey":[`...)
	for i, a := range as {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		for _, f := range [...]struct{ k, v string }{{"id", a.ID}, {"name", a.Name}, {"label", a.Label}, {"type", a.Type}} {
			if f.v != "" {
				b = appendKey(b, f.k)
				b = append(AppendJSONString(b, f.v), ',')
			}
		}
		b = appendKey(b, "answer")
		b = append(AppendJSONString(b, a.Answer), '}')
	}
	return append(b, ']')
}

func appendFields(b []byte, key string, fs []Field) []byte {
	if len(fs) == 0 {
		return b
	}
	b = appendKey(append(b, ','), key)
	b = append(b, '{')
	for i, f := range fs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendJSONString(b, f.Name), ':')
		if f.JSON {
			b = append(b, f.Value...)
		} else {
			b = AppendJSONString(b, f.Value)
		}
	}
	return append(b, '}')
}

func appendOrigin(b []byte, o Origin) []byte {
	b = append(b, `,"source":{"name":`...)
	b = AppendJSONString(b, o.Name)
	b = append(b, `,"format":`...)
	b = AppendJSONString(b, o.Format)
	if o.Host != "" {
		b = append(b, `,"host":`...)
		b = AppendJSONString(b, o.Host)
	}
	b = append(b, `,"offset":`...)
	b = strconv.AppendInt(b, o.Offset, 10)
	return append(b, '}')
}

// plainJSON has the bytes that stand in a JSON string as they are: most of a
// text, which is copied in rows.
var plainJSON = func() (plain [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// AppendJSONString appends s as a JSON string. Bytes that are no UTF-8 become
// U+FFFD; U+2028 and U+2029 are escaped, for receivers that paste JSON into
// JavaScript.
func AppendJSONString(b []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		from := i
		for i < len(s) && plainJSON[s[i]] {
			i++
		}
		if b = append(b, s[from:i]...); i == len(s) {
			break
		}
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				b = append(b, '\\', c)
			case c == '\n':
				b = append(b, '\\', 'n')
			case c == '\r':
				b = append(b, '\\', 'r')
			case c == '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b = append(b, "\uFFFD"...)
		case r == 0x2028 || r == 0x2029:
			b = append(b, '\\', 'u', '2', '0', '2', hexDigits[r&15])
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return append(b, '"')
}
