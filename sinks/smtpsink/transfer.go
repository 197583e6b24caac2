package smtpsink

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

// transfer is one mail transaction. A refused address doesn't end it: the
// mail goes to the others.
func (d *dialog) transfer(m Mail, raw []byte) (Sent, error) {
	sent := Sent{Peer: d.peer}
	d.mails++
	d.client.SkipSMTPUTF8(!slices.ContainsFunc(slices.Concat([]string{d.from, bare(m.ReplyTo)}, m.To), needsUTF8))
	if err := d.step(stepMail, func() error { return d.ask(d.from, d.client.Mail) }); err != nil {
		return sent, err
	}
	var accepted []string
	for _, to := range m.Envelope {
		err := d.step("RCPT TO:"+bracketed(to), func() error { return d.ask(to, d.client.Rcpt) })
		switch {
		case err == nil:
			accepted = append(accepted, to)
		case isRefusal(err) || errors.Is(err, errNoUTF8):
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

// ask says a command with an address, if it may be said to this server.
func (d *dialog) ask(address string, command func(string) error) error {
	if offered, _ := d.client.Extension("SMTPUTF8"); !offered && needsUTF8(address) {
		return errNoUTF8
	}
	return command(bracketed(address))
}

// needsUTF8 reports whether only a server with SMTPUTF8 takes the address.
func needsUTF8(address string) bool { return !isASCII(wire(address)) }

// data sends the mail itself; its error is the server's refusal, or the loss
// of the connection, after which the server may have the mail or not.
func (d *dialog) data(raw []byte) (answer string, err error) {
	var w io.WriteCloser
	if err := d.step("DATA", func() (err error) { w, err = d.client.Data(); return err }); err != nil {
		return "", err
	}
	if err := d.step(fmt.Sprintf("the mail, %d bytes", len(raw)), func() error { _, err := w.Write(raw); return err }); err != nil {
		return "", err
	}
	if err := d.bounded("the mail's end", w.Close); err != nil {
		return "", err
	}
	if dc, ok := w.(*smtp.DataCloser); ok {
		answer = d.hide.Text("250 "+dc.ServerResponse(), showMax)
	}
	d.trace.say("taken: %s", answer)
	return answer, nil
}
