package smtpsink

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/tailpost/tailpost/sinks/macro"
)

const (
	subjectMax = 200       // characters; a header's line has at most 998
	textMax    = 256 << 10 // bytes
)

// render gives a mail as it goes over the wire: 7-bit, the text
// quoted-printable.
func (r *Relay) render(m Mail, now time.Time) ([]byte, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(r.from)
	if err := msg.To(m.To...); err != nil {
		return nil, err
	}
	msg.SetDateWithValue(now)
	msg.Subject(headerText(m.Subject, subjectMax))
	if m.MessageID != "" {
		msg.SetMessageIDWithValue(m.MessageID)
	}
	// Nobody's out-of-office is to answer (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	for _, name := range slices.Sorted(maps.Keys(m.Header)) {
		msg.SetGenHeader(mail.Header(name), headerText(m.Header[name], subjectMax))
	}
	msg.SetBodyString(mail.TypeTextPlain, cutText(m.Text, textMax))
	var b bytes.Buffer
	_, err := msg.WriteTo(&b)
	return b.Bytes(), err
}

// headerText makes a text fit for a header: no control characters, single
// blanks, at most limit characters. Runs of blanks matter: where the library
// folds a header in the middle of one, a line of blanks alone comes out.
func headerText(s string, limit int) string {
	s = string(macro.Header.Append(nil, strings.Join(strings.Fields(s), " ")))
	n := 0
	for i := range s {
		if n == limit-1 && len(s)-i > 1 {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// cutText bounds a mail's text, in bytes, at the end of a character.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "\n[cut: the text is longer]\n"
}
