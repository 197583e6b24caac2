package smtpsink

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// textMax bounds a mail's text, and its HTML, in bytes.
const textMax = 256 << 10

// render gives a mail as it goes over the wire: 7-bit, the texts
// quoted-printable. HTML that is too long is left out: cut anywhere, it might
// show anything.
func (r *Relay) render(m Mail, now time.Time) ([]byte, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(r.from)
	if err := setAddresses(msg, m); err != nil {
		return nil, err
	}
	msg.SetDateWithValue(now)
	setHeader(msg, mail.HeaderSubject, m.Subject)
	if m.MessageID != "" {
		msg.SetMessageIDWithValue(m.MessageID)
	}
	if m.Thread != "" {
		msg.SetGenHeader(mail.HeaderInReplyTo, "<"+m.Thread+">")
		msg.SetGenHeader(mail.HeaderReferences, "<"+m.Thread+">")
	}
	// Nobody's out-of-office is to answer (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	for _, name := range slices.Sorted(maps.Keys(m.Header)) {
		setHeader(msg, mail.Header(name), m.Header[name])
	}
	msg.SetBodyString(mail.TypeTextPlain, cutText(m.Text, textMax))
	if m.HTML != "" && len(m.HTML) <= textMax {
		msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	var b bytes.Buffer
	_, err := msg.WriteTo(&b)
	return b.Bytes(), err
}

// setAddresses says to whom it goes, and answers.
func setAddresses(msg *mail.Msg, m Mail) error {
	var to []string
	for _, a := range m.To {
		to = append(to, wire(a))
	}
	if err := msg.To(to...); err != nil || m.ReplyTo == "" {
		return err
	}
	reply, err := parseAddress(m.ReplyTo)
	if err != nil {
		return fmt.Errorf("reply_to: %w", err)
	}
	reply.Address = wire(reply.Address)
	msg.ReplyToMailAddress(reply)
	return nil
}

// cutText bounds a mail's text, in bytes, at the end of a character.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "\n[cut: the text is longer]\n"
}
