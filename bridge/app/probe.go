package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
)

// Probe is the sink of one configured recipient, for people who look at it. It
// uses neither the spool nor the state directory.
type Probe struct {
	Name, Kind string
	sink       bridge.Sink
	closers    []io.Closer
}

// OpenProbe makes the sink of a recipient as run does.
func OpenProbe(item config.Item, o Options) (*Probe, error) {
	p := &Probe{Name: item.Name, Kind: item.Kind}
	var sink bridge.Sink
	var err error
	switch r := item.What.(type) {
	case config.HTTPRecipient:
		sink, err = httpSink(r, o)
	case config.MailRecipient:
		sink, err = p.email(r, o)
	case config.FileRecipient:
		sink, err = fileSink(r, o)
	default:
		return nil, fmt.Errorf("recipient %s: %s is no kind of recipient", item.Name, item.Kind)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("recipient %s: %w", item.Name, err), p.Close())
	}
	if c, ok := sink.(io.Closer); ok {
		p.closers = append(p.closers, c)
	}
	p.sink = sink
	return p, nil
}

// inspector gives the sink as one that can be looked at without an event.
func (p *Probe) inspector() (bridge.Inspector, error) {
	if i, ok := p.sink.(bridge.Inspector); ok {
		return i, nil
	}
	return nil, fmt.Errorf("recipient %s: one of kind %s can only be tried with an event", p.Name, p.Kind)
}

func (p *Probe) email(r config.MailRecipient, o Options) (bridge.Sink, error) {
	relay, err := mailRelay(&config.Config{SMTP: r.Relay}, o)
	if err != nil {
		return nil, err
	}
	if c, ok := any(relay).(io.Closer); ok && relay != nil {
		p.closers = append(p.closers, c)
	}
	return emailSink(r.EmailRecipient, relay, o)
}

// Deliver sends an event and tells what happened. The recipient's filter is
// not asked. A sink bounds its own time.
func (p *Probe) Deliver(ctx context.Context, e bridge.Event) (bridge.Receipt, error) {
	r, err := p.sink.Deliver(ctx, bridge.Delivery{Events: []bridge.Event{e}, Attempt: 1, Explain: true})
	return explained(r, err), err
}

// Preview gives what Deliver would send.
func (p *Probe) Preview(e bridge.Event) ([]byte, error) {
	i, err := p.inspector()
	if err != nil {
		return nil, err
	}
	return i.Preview(bridge.Delivery{Events: []bridge.Event{e}, Attempt: 1})
}

// Connect goes as far as possible without an event.
func (p *Probe) Connect(ctx context.Context) (bridge.Receipt, error) {
	i, err := p.inspector()
	if err != nil {
		return bridge.Receipt{}, err
	}
	r, err := i.Connect(ctx)
	return explained(r, err), err
}

// Close closes the sink.
func (p *Probe) Close() (err error) {
	for _, c := range p.closers {
		err = errors.Join(err, c.Close())
	}
	return err
}

// MayWrite says why this process should not write into files that the bridge
// uses: it belongs to another user, who couldn't write them afterwards.
func MayWrite(c *config.Config) error { return belongsTo(c.StateDir, os.Geteuid()) }

// Connection is how a recipient was reached.
type Connection struct {
	Name, Kind string
	Receipt    bridge.Receipt
	Err        error
}

const (
	connectsMost = 8
	connectFor   = 30 * time.Second
)

// ConnectAll goes to each recipient as far as that is possible without an
// event, to a few at once and for 30 s each at most. It gives them in the order
// of the configuration.
func ConnectAll(ctx context.Context, c *config.Config, o Options) []Connection {
	items := c.Recipients()
	out := make([]Connection, len(items))
	slots := make(chan struct{}, connectsMost)
	var wg sync.WaitGroup
	for i, item := range items {
		wg.Go(func() {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
				out[i] = connect(ctx, item, o)
			case <-ctx.Done():
				out[i] = Connection{Name: item.Name, Kind: item.Kind, Err: ctx.Err()}
			}
		})
	}
	wg.Wait()
	return out
}

func connect(ctx context.Context, item config.Item, o Options) Connection {
	c := Connection{Name: item.Name, Kind: item.Kind}
	p, err := OpenProbe(item, o)
	if err != nil {
		c.Err = err
		return c
	}
	ctx, cancel := context.WithTimeoutCause(ctx, connectFor, fmt.Errorf("no end within %v: %w", connectFor, context.DeadlineExceeded))
	defer cancel()
	c.Receipt, c.Err = p.Connect(ctx)
	c.Err = errors.Join(c.Err, p.Close())
	return c
}
