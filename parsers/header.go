package parsers

import (
	"strings"
	"time"
)

// header is what stands before a syslog line's message.
type header struct {
	at   int64 // Unix seconds; 0: it has no time
	host string
	tag  string
	pid  string
	body string // a suffix of the line
}

const hostMax = 255

// cutHeader reads
//
//	[<PRI>][1 ](BSD or ISO time) host tag[[pid]][:][ ]body
//	<PRI>1 (ISO time or -) host tag pid msgid (- or structured data) body
//
// with the day padded or not, and an ISO time in the BSD frame. Whatever is
// missing behind the host is empty.
func cutHeader(line string, now time.Time, zone *time.Location) (h header, ok bool) {
	s, ok := cutPriority(line)
	if !ok {
		return header{}, false
	}
	s, versioned := strings.CutPrefix(s, "1 ")
	if c, rest, ok := cutClock(s); ok {
		h.at, _ = c.near(now, zone)
		s = rest
	} else {
		stamp, rest, _ := strings.Cut(s, " ")
		at, ok := isoTime(stamp, zone)
		if !ok && !(versioned && stamp == "-") {
			return header{}, false
		}
		h.at, s = at, " "+rest
	}
	s, ok = strings.CutPrefix(s, " ")
	if !ok {
		return header{}, false
	}
	s = strings.TrimLeft(s, " ")
	if !strings.HasPrefix(s, "BG:") && !strings.HasPrefix(s, "BG[") { // else there is no host
		h.host, s, _ = strings.Cut(s, " ")
	}
	if len(h.host) > hostMax {
		return header{}, false
	}
	if versioned {
		if h.cutStructured(s) {
			return h, true
		}
	}
	h.cutTag(s)
	return h, true
}

func cutPriority(s string) (rest string, ok bool) {
	if !strings.HasPrefix(s, "<") {
		return s, s != ""
	}
	n := strings.IndexByte(s[:min(len(s), 5)], '>')
	if n < 2 {
		return "", false
	}
	_, ok = digits(s[1:n])
	return s[n+1:], ok
}

// cutTag reads the BSD frame's tag[pid]: and what follows.
func (h *header) cutTag(s string) {
	s = strings.TrimLeft(s, " ")
	n := strings.IndexAny(s, "[: {|")
	if n < 0 {
		h.tag, h.body = s, ""
		return
	}
	h.tag, s = s[:n], s[n:]
	if s[0] == '[' {
		if end := strings.IndexByte(s[:min(len(s), 66)], ']'); end > 0 {
			h.pid, s = s[1:end], s[end+1:]
		}
	}
	s = strings.TrimPrefix(s, ":")
	h.body = strings.TrimLeft(s, " ")
}

// cutStructured reads RFC 5424's app, procid, msgid and structured data, and
// reports whether they stand there.
func (h *header) cutStructured(s string) bool {
	app, s, ok := strings.Cut(s, " ")
	if !ok || strings.ContainsAny(app, "[:") {
		return false
	}
	pid, s, ok := strings.Cut(s, " ")
	if !ok || len(pid) > 128 {
		return false
	}
	_, s, ok = strings.Cut(s, " ") // msgid
	if !ok {
		return false
	}
	if s, ok = cutElements(s); !ok {
		return false
	}
	if pid == "-" {
		pid = ""
	}
	h.tag, h.pid = app, pid
	h.body = strings.TrimPrefix(strings.TrimLeft(s, " "), bom)
	return true
}

// cutElements leaves structured data out: a dash, or elements in brackets
// whose quoted values may hold escaped quotes and brackets.
func cutElements(s string) (rest string, ok bool) {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return rest, rest == "" || rest[0] == ' '
	}
	if !strings.HasPrefix(s, "[") {
		return "", false
	}
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ']' && !quoted && (i+1 == len(s) || s[i+1] != '['):
			return s[i+1:], true
		}
	}
	return "", false
}
