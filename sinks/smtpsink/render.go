package smtpsink

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
	s = string(macro.Header.Append(nil, singleBlanks(s)))
	s = singleBlanks(s) // what was dropped may have stood between two
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

func singleBlanks(s string) string { return strings.Join(strings.Fields(s), " ") }

// cutText bounds a mail's text, in bytes, at the end of a character.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "\n[cut: the text is longer]\n"
}
