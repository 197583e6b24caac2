package dispatch

import (
	"context"

	"github.com/tailpost/tailpost/bridge"
)

// Queue is one recipient's view of the accepted events. A Worker is its only
// user. Methods that record block until what they record would survive a kill,
// or ctx ends; a power cut may undo the last 50 ms of them, which repeats
// attempts and loses nothing.
type Queue interface {
	// Restored gives the parked events in the order of their numbers, and the
	// tries of failed events that Next will give again.
	Restored() ([]bridge.Parked, map[uint64]bridge.Try)
	// Batches gives the members of the batches that were attempted, as Join
	// recorded them. What is done or can't be had any more may be among them.
	Batches() [][]uint64
	// Taken reports whether the recipient has ever taken an event.
	Taken() bool
	// Next gives the durable event behind the ones given so far that is
	// neither settled nor parked, if there is one. It doesn't block. An error
	// may pass: the caller tries again later.
	Next() (bridge.Item, bool, error)
	// Wake has a value when Next may have more to give, when Revived has, and
	// when Paused or Asked has changed.
	Wake() <-chan struct{}
	// Revived gives the dead events that wait again since it was asked last.
	// They are parked.
	Revived() []bridge.Parked
	// Paused reports whether a person has paused the recipient.
	Paused() bool
	// Asked reports whether the recipient is to give up events, because the
	// spool is full and it holds the oldest of them.
	Asked() bool
	// GiveUp records that it does, and gives how many: events that wait. Next
	// begins again behind what is settled, and Restored tells what is left.
	GiveUp(ctx context.Context) (int, error)
	// Get gives a parked event once more; bridge.ErrDamaged if its bytes are.
	Get(ctx context.Context, number uint64) (bridge.Item, error)

	// Pass says that an event that Next gave isn't for this recipient.
	Pass(number uint64)
	// Settle records that an event has ended; SettleAll that all of these have,
	// which costs as much.
	Settle(ctx context.Context, number uint64, how bridge.Settlement) error
	SettleAll(ctx context.Context, numbers []uint64, how bridge.Settlement) error
	// Join records that these events, in this order, are attempted together,
	// until one of them has joined others or is settled.
	Join(ctx context.Context, numbers []uint64) error
	// Fail records a failed attempt.
	Fail(ctx context.Context, number uint64, t bridge.Try) error
	// Park records that an event leaves the window. False: there is no room
	// for more, and it stays.
	Park(ctx context.Context, number, session uint64, t bridge.Try) (bool, error)
	// Bury records a dead letter; its write is the settle. Where the letter
	// can't be written it says so at once: the event is tried on.
	Bury(ctx context.Context, number uint64, letter []byte) error
}
