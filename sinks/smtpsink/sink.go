package smtpsink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
)

// Sink delivers to one email recipient. It is a bridge.Sink.
type Sink struct {
	relay *Relay
	o     Options
	text  templates
}

// New makes a sink of checked options.
func New(relay *Relay, o Options) (*Sink, error) {
	if relay == nil {
		return nil, errors.New("email recipient: no mail server; add [smtp]")
	}
	for _, p := range o.checkAddresses() {
		return nil, fmt.Errorf("email recipient: %s", p)
	}
	return &Sink{relay: relay, o: o, text: o.compile()}, nil
}

var errMailBatch = errors.New("a mail holds one event")

// Deliver sends one mail, to those addresses that don't have it yet by the
// delivery's note. If the server takes it for some of them only, the receipt's
// note tells which, and the error names the others.
func (s *Sink) Deliver(ctx context.Context, d bridge.Delivery) (bridge.Receipt, error) {
	if len(d.Events) == 0 {
		return bridge.Receipt{}, nil
	}
	if len(d.Events) > 1 {
		return bridge.Receipt{}, eventFault(fmt.Sprintf("%d events", len(d.Events)), errMailBatch)
	}
	have := s.readNote(d.Note)
	m := s.mail(&d.Events[0])
	m.Envelope = slices.DeleteFunc(slices.Clone(m.To), func(a string) bool { return slices.Contains(have, a) })
	if len(m.Envelope) == 0 {
		return bridge.Receipt{Note: d.Note, Answer: "taken by all addresses before"}, nil
	}
	start := time.Now()
	sent, err := s.relay.Send(ctx, m)
	rec := bridge.Receipt{
		Peer: sent.Peer, Answer: sent.Answer, Took: time.Since(start),
		Note: writeNote(append(have, sent.Accepted...)),
	}
	var de *bridge.DeliveryError
	switch {
	case errors.As(err, &de) && len(have) > 0 && len(sent.Refused) == len(m.Envelope):
		// The recipient works: it is these addresses that don't.
		de.Scope = bridge.ThisEvent
	case err == nil && len(sent.Refused) > 0:
		s.o.Log.Debug().Str("recipient", s.o.Name).Stringer("event", d.Events[0].ID).Int("refused", len(sent.Refused)).Msg("some addresses refused")
		rec.Partly = true
		err = &bridge.DeliveryError{Scope: bridge.ThisEvent, Err: refusals(sent)}
	}
	return rec, err
}

// refusals says who did not get the mail, and the server's reason for the
// first of them.
func refusals(sent Sent) error {
	var names []string
	for _, r := range sent.Refused {
		names = append(names, macro.OneLine(r.Address, addressLength))
	}
	return fmt.Errorf("%d of %d addresses refused: %s: %w", len(sent.Refused), len(sent.Refused)+len(sent.Accepted),
		strings.Join(names, ", "), sent.Refused[0].Err)
}

// mail is the event as a mail to all addresses.
func (s *Sink) mail(e *bridge.Event) Mail {
	m := Mail{
		To: s.o.Address, Subject: defaultSubject(e), Text: "",
		MessageID: s.messageID(e),
		Header:    map[string]string{"X-Tailpost-Id": e.ID.String(), "X-Tailpost-Event": e.Name},
	}
	if s.text.subject != nil {
		m.Subject = s.text.subject.Expand(e, macro.Header)
	}
	if s.text.body != nil {
		m.Text = s.text.body.Expand(e, macro.Plain)
	} else {
		m.Text = defaultText(e)
	}
	return m
}

// messageID names the event's mail to this recipient. Two recipients' mails
// about one event differ, so they are two mails to who is in both.
func (s *Sink) messageID(e *bridge.Event) string {
	const nameBytes = 6
	sum := sha256.Sum256([]byte(s.o.Name))
	_, domain, _ := strings.Cut(s.relay.from.Address, "@")
	if !isASCII(domain) {
		if a, err := idna.Lookup.ToASCII(domain); err == nil {
			domain = a
		} else {
			domain = "tailpost.invalid"
		}
	}
	return e.ID.String() + "." + hex.EncodeToString(sum[:nameBytes]) + "@" + domain
}

// readNote gives the addresses that have the mail. Those that were taken out
// of the configuration meanwhile don't count, which bounds the note.
func (s *Sink) readNote(note []byte) []string {
	var have []string
	for _, a := range strings.Split(string(note), "\n") {
		if slices.Contains(s.o.Address, a) && !slices.Contains(have, a) {
			have = append(have, a)
		}
	}
	return have
}

// writeNote puts an address on each line: ten of 254 bytes fit bridge.NoteMax.
func writeNote(have []string) []byte {
	if len(have) == 0 {
		return nil
	}
	return []byte(strings.Join(have, "\n"))
}
