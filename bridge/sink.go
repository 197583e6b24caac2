package bridge

import (
	"context"
	"errors"
	"time"
)

// Delivery is what a sink is asked to hand over: one event, or a batch.
type Delivery struct {
	Events  []Event
	Attempt int    // 1 for the first
	Note    []byte // what the sink kept of the last attempt: of all these events, or of more
	Explain bool   // somebody watches: Receipt.Steps is wanted
}

// Receipt says how an attempt went, whether it succeeded or not.
type Receipt struct {
	Peer   string // the address that answered
	Answer string // its status and the first bytes of what it said; bounded
	Took   time.Duration
	Note   []byte // what the sink wants to know at the next attempt, of any of these events
	// Partly says that a failed attempt was taken in part: the recipient
	// works, though something of this event is refused.
	Partly bool
	// Steps says in words what happened, in its order: names resolved,
	// connections, certificates, logins, answers. Only where Delivery.Explain
	// or Connect asked for it. Each is a line without line ends.
	Steps []string
}

// ErrTooLarge is the error of a batch that holds more than the sink hands over
// at once. Nothing was sent, and it is no failed attempt: the batch is halved.
var ErrTooLarge = errors.New("too much for one delivery")

// Sink hands events to one recipient.
//
// Deliver returns nil once the receiver has taken all events. It bounds its
// own time, returns soon after ctx ends, and may be called by several
// goroutines at once. A failure is a *DeliveryError; any other error counts
// as a fault of the event. No secret and no userinfo of a URL stands in an
// error or a receipt. A sink that holds connections or files is an io.Closer.
type Sink interface {
	Deliver(ctx context.Context, d Delivery) (Receipt, error)
}

// Inspector is a sink that people can look at before it is used. What it gives
// holds no secret.
type Inspector interface {
	Sink
	// Preview gives what Deliver would send, as it goes over the wire.
	Preview(d Delivery) ([]byte, error)
	// Connect goes as far as it can without an event: it resolves, connects,
	// secures the connection and logs in. The receipt has its Steps, on an
	// error too.
	Connect(ctx context.Context) (Receipt, error)
}

// Scope says whose fault a failed attempt is.
type Scope uint8

// The two scopes of a failure.
const (
	ThisEvent Scope = iota
	ThisRecipient
)

// DeliveryError is a failed attempt, classified by the sink.
type DeliveryError struct {
	Scope     Scope
	Permanent bool // the receiver will never take this event (give_up)
	// Down says that this one failure shows the recipient to be down: no
	// connection, or an answer such as 401 or 410.
	Down bool
	// After is the receiver's own word when to come again (Retry-After), for
	// the whole recipient; 0: it said nothing. At most an hour.
	After time.Duration
	// AtLeast keeps the next attempt away, however short the interval.
	AtLeast time.Duration
	Status  string // one word for people where one is known: "misconfigured", "gone"
	Err     error
}

func (e *DeliveryError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *DeliveryError) Unwrap() error { return e.Err }
