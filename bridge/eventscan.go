package bridge

import (
	"strconv"
	"strings"
)

// scanner reads the canonical JSON as AppendJSON writes it: compact, each key
// once. It gives up on anything else, and DecodeEvent takes the standard
// library instead. Texts without escapes share the memory of the whole.
type scanner struct {
	s   string
	at  int
	bad bool
}

// scanEvent is DecodeEvent's fast way; false: it is not for it.
func scanEvent(b []byte) (Event, bool) {
	sc := scanner{s: string(b)}
	var e Event
	sc.object(func(key string) { sc.member(&e, key) })
	return e, !sc.bad && sc.at == len(sc.s)
}

func (sc *scanner) member(e *Event, key string) {
	switch key {
	case "id":
		if e.ID.UnmarshalText([]byte(sc.text())) != nil {
			sc.bad = true
		}
	case "timestamp":
		e.Timestamp = sc.integer()
	case "gsnumber":
		e.GSNumber = sc.integer()
	case "survey":
		e.Survey = sc.survey()
	case "custom":
		e.Custom = sc.fields()
	case "extra":
		e.Extra = sc.fields()
	case "source":
		sc.origin(&e.Source)
	default:
		if p := e.text(key); p != nil {
			*p = sc.text()
			return
		}
		sc.bad = true
	}
}

// text gives the field of that canonical name, where it is a text.
func (e *Event) text(name string) *string {
	switch name {
	case "event":
		return &e.Name
	case "version":
		return &e.Version
	case "appliance_id":
		return &e.ApplianceID
	case "lsid":
		return &e.Session
	case "external_key":
		return &e.ExternalKey
	case "site":
		return &e.Site
	case "site_id":
		return &e.SiteID
	case "conference_id":
		return &e.ConferenceID
	case "conference_name":
		return &e.ConferenceName
	case "name":
		return &e.MemberName
	case "type":
		return &e.MemberType
	case "username":
		return &e.Username
	case "user_id":
		return &e.UserID
	case "display_name":
		return &e.DisplayName
	case "private_ip":
		return &e.PrivateIP
	case "public_ip":
		return &e.PublicIP
	case "hostname":
		return &e.Hostname
	case "os":
		return &e.OS
	}
	return nil
}

func (sc *scanner) origin(o *Origin) {
	sc.object(func(key string) {
		switch key {
		case "name":
			o.Name = sc.text()
		case "format":
			o.Format = sc.text()
		case "host":
			o.Host = sc.text()
		case "offset":
			o.Offset = sc.integer()
		default:
			sc.bad = true
		}
	})
}

func (sc *scanner) survey() (out []Answer) {
	sc.take('[')
	for !sc.bad {
		var a Answer
		sc.object(func(key string) {
			switch key {
			case "id":
				a.ID = sc.text()
			case "name":
				a.Name = sc.text()
			case "label":
				a.Label = sc.text()
			case "type":
				a.Type = sc.text()
			case "answer":
				a.Answer = sc.text()
			default:
				sc.bad = true
			}
		})
		out = append(out, a)
		if !sc.next(',') {
			break
		}
	}
	sc.take(']')
	return out
}

// fields reads custom or extra. They stand in the order of their names.
func (sc *scanner) fields() (out []Field) {
	sc.object(func(key string) {
		if n := len(out); n > 0 && out[n-1].Name >= key {
			sc.bad = true // not sorted, or twice
		}
		f := Field{Name: key}
		if sc.at < len(sc.s) && sc.s[sc.at] == '"' {
			f.Value = sc.text()
		} else {
			f.Value, f.JSON = sc.value(), true
		}
		out = append(out, f)
	})
	return out
}

// object calls member for each key, which must read the value behind it.
func (sc *scanner) object(member func(key string)) {
	sc.take('{')
	if sc.next('}') {
		return
	}
	for !sc.bad {
		key := sc.text()
		sc.take(':')
		if sc.bad {
			return
		}
		member(key)
		if !sc.next(',') {
			break
		}
	}
	sc.take('}')
}

func (sc *scanner) take(c byte) {
	if !sc.next(c) {
		sc.bad = true
	}
}

func (sc *scanner) next(c byte) bool {
	if sc.at < len(sc.s) && sc.s[sc.at] == c {
		sc.at++
		return true
	}
	return false
}

// text reads a string.
func (sc *scanner) text() string {
	sc.take('"')
	rest := sc.s[sc.at:]
	end := strings.IndexByte(rest, '"')
	if sc.bad || end < 0 {
		sc.bad = true
		return ""
	}
	if strings.IndexByte(rest[:end], '\\') < 0 {
		sc.at += end + 1
		return rest[:end]
	}
	return sc.escaped(rest)
}

// escaped reads the rest of a string that has escapes: those that
// AppendJSONString writes.
func (sc *scanner) escaped(rest string) string {
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; c {
		case '"':
			sc.at += i + 1
			return b.String()
		case '\\':
			if i++; i == len(rest) {
				break
			}
			switch rest[i] {
			case '"', '\\':
				b.WriteByte(rest[i])
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			case 'u':
				n, err := strconv.ParseUint(rest[min(i+1, len(rest)):min(i+5, len(rest))], 16, 16)
				if err != nil || n >= 0xD800 && n < 0xE000 {
					sc.bad = true
					return ""
				}
				b.WriteRune(rune(n))
				i += 4
			default:
				sc.bad = true
				return ""
			}
		default:
			b.WriteByte(c)
		}
	}
	sc.bad = true
	return ""
}

func (sc *scanner) integer() int64 {
	from := sc.at
	for sc.at < len(sc.s) && (sc.s[sc.at] == '-' || sc.s[sc.at] >= '0' && sc.s[sc.at] <= '9') {
		sc.at++
	}
	n, err := strconv.ParseInt(sc.s[from:sc.at], 10, 64)
	if err != nil {
		sc.bad = true
	}
	return n
}

// value gives the text of any other value: up to the comma or brace behind it.
func (sc *scanner) value() string {
	from, depth := sc.at, 0
	for sc.at < len(sc.s) {
		switch sc.s[sc.at] {
		case '"':
			sc.text()
			if sc.bad {
				return ""
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return sc.s[from:sc.at]
			}
			depth--
		case ',':
			if depth == 0 {
				return sc.s[from:sc.at]
			}
		}
		sc.at++
	}
	sc.bad = true
	return ""
}
