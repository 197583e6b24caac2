package dispatch

import (
	"context"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// flight is an attempt under way.
type flight struct {
	lane     *lane
	data     []byte // what is to be delivered
	probe    bool
	delivery bridge.Delivery // without its event

	// How it ended:
	damaged error // the event's bytes can't be decoded
	receipt bridge.Receipt
	err     error
}

// launch makes an attempt in a goroutine of its own. That goroutine records
// the outcome and goes on with the next attempt itself, for as long as there
// is one: an event costs no hand-over from goroutine to goroutine.
func (w *Worker) launch(ctx, record context.Context, f flight) {
	w.flights.Go(func() {
		for ok := true; ok; {
			w.fly(&f)
			f, ok = w.land(ctx, record, &f)
		}
	})
}

// fly makes the attempt.
func (w *Worker) fly(f *flight) {
	head, err := bridge.ParseHead(f.data)
	if err != nil {
		f.damaged = err
		return
	}
	e, err := bridge.DecodeEvent(head.JSON)
	if err != nil {
		f.damaged = err
		return
	}
	f.delivery.Events = []bridge.Event{e}
	f.receipt, f.err = w.o.Sink.Deliver(w.attempts, f.delivery)
}

// land records how an attempt ended, begins what may begin now, and gives the
// first of it. Once ctx has ended it begins nothing.
func (w *Worker) land(ctx, record context.Context, f *flight) (next flight, ok bool) {
	w.turns.Lock()
	defer w.turns.Unlock()
	now := time.Now()
	w.end(w.finish(record, f, now))
	if w.ended || ctx.Err() != nil {
		w.publish()
		w.wakeRun()
		return flight{}, false
	}
	again := w.turn(record, now)
	if again.Before(w.alarm) || w.ended {
		w.wakeRun()
	}
	cleared := w.cleared
	w.cleared = w.cleared[:0]
	if len(cleared) == 0 || w.ended {
		return flight{}, false
	}
	for _, other := range cleared[1:] {
		w.launch(ctx, record, other)
	}
	return cleared[0], true
}

func (w *Worker) wakeRun() {
	select {
	case w.poke <- struct{}{}:
	default:
	}
}
