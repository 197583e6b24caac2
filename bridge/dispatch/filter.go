package dispatch

import (
	"fmt"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/where"
)

// Filter is the part of a policy that says which events a recipient asked
// for, ready to be used, by several goroutines too.
type Filter struct {
	policy *Policy
	where  *where.Expr // nil: all
}

// Filter gives the filter of the policy, which must not change while it is
// used. There is no error where Check found none.
func (p *Policy) Filter() (*Filter, error) {
	f := &Filter{policy: p}
	if p.Where != "" {
		var err error
		if f.where, err = where.Compile(p.Where); err != nil {
			return nil, fmt.Errorf("where: %w", err)
		}
	}
	return f, nil
}

func mustFilter(p *Policy) *Filter {
	f, err := p.Filter()
	if err != nil {
		panic("dispatch: the policy was not checked: " + err.Error())
	}
	return f
}

// Clause is the setting that keeps an event from a recipient.
type Clause string

// The clauses, in the order in which they are asked.
const (
	ClauseEvents Clause = "events"
	ClauseKey    Clause = "require_external_key"
	ClauseWhere  Clause = "where"
)

// Verdict says whether a recipient asked for an event.
type Verdict struct {
	Refused Clause // the first clause that doesn't take it; empty: it was asked for
	Err     error  // where could not judge it: it counts as asked for
}

// Asked reports whether the event is to be sent.
func (v Verdict) Asked() bool { return v.Refused == "" }

// Verdict judges an event. Only where looks at more than its head: an event
// that it can't judge is sent, because what is sent in vain is seen, and what
// is withheld is not.
func (f *Filter) Verdict(h bridge.Head) Verdict {
	switch {
	case !f.policy.Wants(string(h.Name)):
		return Verdict{Refused: ClauseEvents}
	case f.policy.RequireExternalKey && !h.HasKey:
		return Verdict{Refused: ClauseKey}
	case f.where == nil:
		return Verdict{}
	}
	e, err := bridge.DecodeEvent(h.JSON)
	if err != nil {
		return Verdict{Err: err}
	}
	is, err := f.where.Match(&e)
	if err == nil && !is {
		return Verdict{Refused: ClauseWhere}
	}
	return Verdict{Err: err}
}

// asks reports whether the recipient asked for the event.
func (w *Worker) asks(h bridge.Head) bool {
	v := w.filter.Verdict(h)
	if v.Err != nil {
		first := false
		w.board.update(func(s *Stats) { first = s.Undecided == 0; s.Undecided++ })
		if first {
			w.o.Log.Warn().Str("recipient", w.o.Name).Stringer("id", h.ID).Err(v.Err).Msg("where can't judge an event: it is sent, and so are others like it")
		}
	}
	return v.Asked()
}
