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

// Deliver sends one mail, to those addresses that don't have it yet by the
// delivery's note. If the server takes it for some of them only, the receipt's
// note tells which, and the error names the others. A digest that would be too
// long is bridge.ErrTooLarge.
func (s *Sink) Deliver(ctx context.Context, d bridge.Delivery) (bridge.Receipt, error) {
	if len(d.Events) == 0 {
		return bridge.Receipt{}, nil
	}
	have := s.readNote(d.Note)
	m, err := s.mail(d.Events)
	if err != nil {
		return bridge.Receipt{Note: d.Note}, err
	}
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
		de.Scope, de.Down, de.Status = refusedScope(d.Events), false, ""
	case err == nil && len(sent.Refused) > 0:
		s.o.Log.Debug().Str("recipient", s.o.Name).Stringer("event", bridge.BatchID(d.Events)).Int("refused", len(sent.Refused)).Msg("some addresses refused")
		rec.Partly = true
		err = &bridge.DeliveryError{Scope: refusedScope(d.Events), Err: refusals(sent)}
	}
	s.said.set(err)
	return rec, err
}

// refusedScope says whose fault it is that some addresses are refused. A digest
// stays whole: these addresses are to get one mail, too.
func refusedScope(events []bridge.Event) bridge.Scope {
	if len(events) > 1 {
		return bridge.ThisRecipient
	}
	return bridge.ThisEvent
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

// mail is a mail about these events to all addresses.
func (s *Sink) mail(events []bridge.Event) (Mail, error) {
	if len(events) > 1 {
		return s.digest(events)
	}
	e := &events[0]
	c := s.content(e, defaultText)
	return Mail{
		To: s.o.Address, ReplyTo: s.o.ReplyTo, Subject: c.subject, Text: c.text, HTML: c.html,
		MessageID: s.messageID(e.ID), Thread: s.threadID(e),
		Header: map[string]string{"X-Tailpost-Id": e.ID.String(), "X-Tailpost-Event": e.Name},
	}, nil
}

// content is what a mail says of an event; html may be empty.
type content struct{ subject, text, html string }

// content expands the event's templates; words is for who has none of the text.
func (s *Sink) content(e *bridge.Event, words func(*bridge.Event) string) (c content) {
	t := s.templates(e)
	if t.subject != nil {
		c.subject = t.subject.Expand(e, macro.Header)
	} else {
		c.subject = defaultSubject(e)
	}
	if t.body != nil {
		c.text = t.body.Expand(e, macro.Plain)
	} else {
		c.text = words(e)
	}
	if t.html != nil {
		c.html = t.html.Expand(e, macro.HTML)
	}
	return c
}

func (s *Sink) templates(e *bridge.Event) templates {
	if t, ok := s.own[e.Name]; ok {
		return t
	}
	return s.common
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
