package smtpsink

import (
	"errors"
	"io"
	netmail "net/mail"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// transfer is one mail transaction. A refused address doesn't end it: the
// mail goes to the others.
func (d *dialog) transfer(m Mail, raw []byte) (Sent, error) {
	sent := Sent{Peer: d.peer}
	d.mails++
	d.client.SkipSMTPUTF8(isASCII(d.from) && isASCII(m.ReplyTo) && isASCII(strings.Join(m.To, "")))
	if err := d.step(stepMail, func() error { return d.client.Mail(bracketed(d.from)) }); err != nil {
		return sent, err
	}
	var accepted []string
	for _, to := range m.Envelope {
		err := d.step("RCPT TO:"+bracketed(to), func() error { return d.client.Rcpt(bracketed(to)) })
		switch {
		case err == nil:
			accepted = append(accepted, to)
		case isRefusal(err):
			sent.Refused = append(sent.Refused, Refusal{Address: to, Err: shown(d.hide, errors.Unwrap(err))})
		default:
			return sent, &stepError{step: "RCPT TO", err: errors.Unwrap(err)}
		}
	}
	if len(accepted) == 0 {
		return sent, &stepError{step: "RCPT TO: all addresses refused", err: sent.Refused[0].Err}
	}
	answer, err := d.data(raw)
	if err != nil {
		return sent, &stepError{step: "DATA", event: true, err: errors.Unwrap(err)}
	}
	sent.Accepted, sent.Answer = accepted, answer
	return sent, nil
}

const stepMail = "MAIL FROM"

// data sends the mail itself; its error is the server's refusal, or the loss
// of the connection, after which the server may have the mail or not.
func (d *dialog) data(raw []byte) (answer string, err error) {
	var w io.WriteCloser
	if err := d.step("DATA", func() (err error) { w, err = d.client.Data(); return err }); err != nil {
		return "", err
	}
	if err := d.step("the mail", func() error { _, err := w.Write(raw); return err }); err != nil {
		return "", err
	}
	if err := d.step("its end", w.Close); err != nil {
		return "", err
	}
	if dc, ok := w.(*smtp.DataCloser); ok {
		answer = d.hide.Text("250 "+dc.ServerResponse(), showMax)
	}
	d.trace.say("taken: %s", answer)
	return answer, nil
}

func bracketed(address string) string {
	return (&netmail.Address{Address: address}).String()
}
