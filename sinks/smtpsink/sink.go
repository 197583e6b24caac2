package smtpsink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
)

// Sink delivers to one email recipient. It is a bridge.Sink.
type Sink struct {
	relay  *Relay
	o      Options
	common templates
	own    map[string]templates // by event
	said   lastWord
}

// New makes a sink of checked options.
func New(relay *Relay, o Options) (*Sink, error) {
	if relay == nil {
		return nil, errors.New("email recipient: no mail server; add [smtp]")
	}
	for _, p := range o.checkAddresses() {
		return nil, fmt.Errorf("email recipient: %s", p)
	}
	s := &Sink{relay: relay, o: o}
	s.common, s.own = o.compile()
	return s, nil
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
	m.explain = d.Explain
	start := time.Now()
	sent, err := s.relay.Send(ctx, m)
	rec := bridge.Receipt{
		Peer: sent.Peer, Answer: sent.Answer, Took: time.Since(start), Steps: sent.Steps,
		Note: writeNote(append(have, sent.Accepted...)),
	}
	var de *bridge.DeliveryError
	switch {
	case errors.As(err, &de) && len(have) > 0 && len(sent.Refused) == len(m.Envelope):
		// The recipient works: it is these addresses that don't.
		de.Scope, de.Down, de.Status = bridge.ThisEvent, false, ""
	case err == nil && len(sent.Refused) > 0:
		s.o.Log.Debug().Str("recipient", s.o.Name).Stringer("event", d.Events[0].ID).Int("refused", len(sent.Refused)).Msg("some addresses refused")
		rec.Partly = true
		err = &bridge.DeliveryError{Scope: bridge.ThisEvent, Err: refusals(sent)}
	}
	s.said.set(err)
	return rec, err
}

// Status says what the mail server last said to a mail of this recipient: the
// Current status of the vendor's page.
func (s *Sink) Status() Status { return s.said.get() }

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
	t, ok := s.own[e.Name]
	if !ok {
		t = s.common
	}
	m := Mail{
		To: s.o.Address, ReplyTo: s.o.ReplyTo, Subject: defaultSubject(e),
		MessageID: s.messageID(e), Thread: s.threadID(e),
		Header: map[string]string{"X-Tailpost-Id": e.ID.String(), "X-Tailpost-Event": e.Name},
	}
	if t.subject != nil {
		m.Subject = t.subject.Expand(e, macro.Header)
	}
	if t.body != nil {
		m.Text = t.body.Expand(e, macro.Plain)
	} else {
		m.Text = defaultText(e)
	}
	if t.html != nil {
		m.HTML = t.html.Expand(e, macro.HTML)
	}
	return m
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
