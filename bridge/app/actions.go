package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/spool"
)

// actions is what a person may change: on the running bridge, or on one that
// Offline opened for it. The spool's Run must run.
type actions struct{ *app }

var _ admin.Actions = actions{}

// ReplayDead is admin.Actions'.
func (a actions) ReplayDead(ctx context.Context, which admin.Letters) (admin.Report, error) {
	names := a.spool.Names()
	return a.revise(ctx, which, func(l dispatch.Letter) (spool.Verdict, error) {
		if !slices.Contains(names, l.Recipient) {
			return spool.Verdict{}, fmt.Errorf("the recipient %s is gone", l.Recipient)
		}
		order := dispatch.Session
		if p := a.policyOf(l.Recipient); p != nil {
			order = p.Order
		}
		return spool.Verdict{Replay: true, Session: dispatch.ParkKey(order, l.Number, []byte(l.Session)), Event: l.Data}, nil
	})
}

// DropDead is admin.Actions'.
func (a actions) DropDead(ctx context.Context, which admin.Letters) (admin.Report, error) {
	return a.revise(ctx, which, func(dispatch.Letter) (spool.Verdict, error) { return spool.Verdict{Drop: true}, nil })
}

// revise does with the chosen letters what judge says. An error of judge
// leaves the letter.
func (a actions) revise(ctx context.Context, which admin.Letters, judge func(dispatch.Letter) (spool.Verdict, error)) (r admin.Report, err error) {
	defer a.changed()
	f := newLetterFilter(which)
	replayed, dropped, err := a.spool.ReviseDead(ctx, func(d spool.DeadLetter) (spool.Verdict, error) {
		if err := ctx.Err(); err != nil {
			return spool.Verdict{}, err
		}
		l, ok, err := f.take(d)
		if err != nil || !ok {
			return spool.Verdict{}, err
		}
		v, err := judge(l)
		if err != nil {
			r.Leave(l.ID.String(), err.Error())
		}
		return v, nil
	})
	r.Done = replayed + dropped
	if err != nil {
		return r, kinded(err)
	}
	for _, id := range f.missing() {
		r.Leave(id.String(), "no dead letter has this id")
	}
	return r, nil
}

// Forget is admin.Actions'.
func (a actions) Forget(ctx context.Context, recipient string) (admin.Report, error) {
	if a.policyOf(recipient) != nil {
		return admin.Report{}, admin.Errorf(admin.Conflict, "the recipient %s is configured: take it out of the configuration first", recipient)
	}
	defer a.changed()
	n, err := a.spool.Forget(ctx, recipient, letterOf(recipient, "the recipient was forgotten"))
	return admin.Report{Done: n}, kinded(err)
}

// kinded gives an error of the spool its kind.
func kinded(err error) error {
	switch {
	case errors.Is(err, spool.ErrNoRecipient):
		return admin.Errorf(admin.NotFound, "%v; tailpost audit lists those that have run", err)
	case errors.Is(err, spool.ErrInUse), errors.Is(err, ingest.ErrRetired):
		return admin.Errorf(admin.Conflict, "%v", err)
	}
	return err
}
