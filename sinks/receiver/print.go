package receiver

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tailpost/tailpost/bridge"
)

// colours of a terminal
const (
	green, red, bold, dim, plain = "\x1b[32m", "\x1b[31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
)

// Print shows what was received to people: a line with time, answer, event and
// id, then the headers and the fields, or the mail's text. Nothing in it can
// move a terminal's cursor or forge a line. It is one write.
func Print(w io.Writer, r Received, color bool) error {
	c := func(code string) string {
		if color {
			return code
		}
		return ""
	}
	var b strings.Builder
	verdict := green
	if !r.OK() {
		verdict = red
	}
	fmt.Fprintf(&b, "%s%s%s %s%d%s %s %s%s%s %s\n",
		c(dim), r.Time.Format("15:04:05.000"), c(plain), c(verdict), r.Status, c(plain), r.Kind,
		c(bold), shown(firstOf(r.Event, "(no event)")), c(plain), shown(r.ID))
	line := func(name, value string) {
		fmt.Fprintf(&b, "    %s%s:%s %s\n", c(dim), shown(name), c(plain), shown(value))
	}
	if r.Kind == KindSMTP {
		line("from", r.From)
		line("to", strings.Join(r.To, ", "))
	} else {
		line("path", r.Path)
	}
	for _, name := range r.headerNames() {
		for _, v := range r.Header[name] {
			line(name, v)
		}
	}
	b.WriteByte('\n')
	for _, f := range r.Fields {
		fmt.Fprintf(&b, "      %s = %s\n", shown(f.Name), shown(f.Value))
	}
	if len(r.Fields) == 0 {
		for l := range strings.SplitSeq(strings.TrimRight(firstOf(r.Text, string(r.Body)), "\n"), "\n") {
			fmt.Fprintf(&b, "      %s\n", shown(l))
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Received) headerNames() []string {
	var names []string
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// shown writes control characters, what turns text around and what is no
// UTF-8 as Go does in a string.
func shown(s string) string {
	var b strings.Builder
	for i, c := range s {
		switch {
		case c == unicode.ReplacementChar && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(c):
			b.WriteRune(c)
		case c < 0x100:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}

// PrintJSON writes what was received as one line of JSON.
func PrintJSON(w io.Writer, r Received) error {
	fields := json.RawMessage("{}")
	if len(r.Fields) > 0 {
		fields = fieldsJSON(r)
	}
	line, err := json.Marshal(struct {
		Kind    string              `json:"kind"`
		Time    time.Time           `json:"time"`
		Status  int                 `json:"status"`
		ID      string              `json:"id"`
		Event   string              `json:"event"`
		Path    string              `json:"path,omitempty"`
		From    string              `json:"from,omitempty"`
		To      []string            `json:"to,omitempty"`
		Subject string              `json:"subject,omitempty"`
		TLS     bool                `json:"tls"`
		User    string              `json:"user,omitempty"`
		Header  map[string][]string `json:"header"`
		Fields  json.RawMessage     `json:"fields"`
		Text    string              `json:"text,omitempty"`
		Body    string              `json:"body"`
	}{
		r.Kind, r.Time, r.Status, r.ID, r.Event, r.Path, r.From, r.To, r.Subject, r.TLS, r.User,
		r.Header, fields, r.Text, string(r.Body),
	})
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// fieldsJSON is an object of the fields in their order; of two with one name
// the later counts, as most readers have it.
func fieldsJSON(r Received) json.RawMessage {
	b := []byte{'{'}
	for i, f := range r.Fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(bridge.AppendJSONString(b, f.Name), ':')
		if f.JSON {
			b = append(b, f.Value...)
		} else {
			b = bridge.AppendJSONString(b, f.Value)
		}
	}
	return append(b, '}')
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
