package httpsink

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
)

// output is what an attempt sends, and where to.
type output struct {
	body    []byte
	url     *url.URL
	header  http.Header // this event's own; nil: none
	missing []string    // tokens for which the event has no field, each once
}

// steps says in words what is worth knowing of the output.
func (o *output) steps() []string {
	var steps []string
	for _, token := range o.missing {
		steps = append(steps, "the event has no field for %%"+token+"%%: it is sent empty")
	}
	return steps
}

// compile prepares the template.
func (s *Sink) compile() error {
	if s.o.Body != bodyTemplate {
		return nil
	}
	if s.o.text == "" {
		return errors.New("template: is empty, or was not read")
	}
	kind, err := macro.KindOf(s.o.ContentType)
	if err != nil {
		return fmt.Errorf("content_type: %w", err)
	}
	s.template, s.escape = macro.Compile(s.o.text), kind.Escape()
	return nil
}

// write makes the output for a delivery.
func (s *Sink) write(events []bridge.Event) (output, error) {
	var out output
	var missing func(string)
	if s.o.Body == bodyTemplate || s.target.hasTokens() {
		missing = func(token string) {
			if !slices.Contains(out.missing, token) {
				out.missing = append(out.missing, token)
			}
		}
	}
	if len(events) > 1 && s.target.hasTokens() {
		return out, fmt.Errorf("%d events: %w: its URL has tokens", len(events), errOneEvent)
	}
	var err error
	if out.body, err = s.body(events, missing); err != nil {
		return out, err
	}
	if s.o.binary() {
		out.header = cloudEventHeaders(&events[0])
	}
	out.url, err = s.target.url(&events[0], missing)
	return out, err
}

// missingTokens counts the tokens that became nothing because an event has no
// field of their name. They are logged the first time, and with their count
// at the end. The templates bound their number.
type missingTokens struct {
	mu     sync.Mutex
	counts map[string]uint64
	total  uint64
}

func (m *missingTokens) count(tokens []string, recipient string, e *bridge.Event, log zerolog.Logger) {
	if len(tokens) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[string]uint64{}
	}
	m.total += uint64(len(tokens))
	for _, t := range tokens {
		if m.counts[t]++; m.counts[t] == 1 {
			log.Info().Str("recipient", recipient).Str("token", t).Stringer("event", e.ID).Str("name", e.Name).
				Msg("event has no field for a token; it is sent empty, and counted from now on")
		}
	}
}

// SentEmpty is how many tokens of the template or the URL were sent empty, for
// lack of a field in their event, by this sink.
func (s *Sink) SentEmpty() uint64 {
	s.missing.mu.Lock()
	defer s.missing.mu.Unlock()
	return s.missing.total
}

func (m *missingTokens) report(recipient string, log zerolog.Logger) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range slices.Sorted(maps.Keys(m.counts)) {
		log.Info().Str("recipient", recipient).Str("token", t).Uint64("times", m.counts[t]).Msg("token was sent empty")
	}
	m.counts = nil
}
