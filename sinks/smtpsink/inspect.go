package smtpsink

import (
	"context"
	"errors"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Preview gives the mail that Deliver would send, as it goes over the wire.
func (s *Sink) Preview(d bridge.Delivery) ([]byte, error) {
	if len(d.Events) == 0 {
		return nil, errors.New("no event")
	}
	m, err := s.mail(d.Events)
	if err != nil {
		return nil, err
	}
	return s.relay.render(m, time.Now())
}

// Connect connects to the mail server, secures the connection, logs in and
// takes leave. A failure is a *bridge.DeliveryError.
func (s *Sink) Connect(ctx context.Context) (bridge.Receipt, error) { return s.relay.Connect(ctx) }

// Connect does what Sink.Connect does.
func (r *Relay) Connect(ctx context.Context) (bridge.Receipt, error) {
	start := time.Now()
	if err := r.enter(ctx); err != nil {
		return bridge.Receipt{}, err
	}
	defer r.pool.leave()
	bounded, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	t := &trace{hide: r.hide}
	d, err := r.take(bounded, t)
	if err == nil {
		if err = d.step("NOOP", d.client.Noop); err == nil {
			d.quit()
		}
		d.close()
	}
	rec := bridge.Receipt{Peer: d.peer, Took: time.Since(start), Steps: t.steps}
	if err != nil {
		return rec, r.connecting(ctx, bounded, d, err)
	}
	return rec, nil
}
