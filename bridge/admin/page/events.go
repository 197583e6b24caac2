package page

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

const (
	eventsPage = 50
	queryMost  = 1024 // bytes: what an external key may have
)

type eventsView struct {
	asked
	Query string
	Paged bool
	Older string
	Found Events
	Err   string
}

// events is the page of the last events.
func (p *page) events(a asked) shown {
	q := a.req.URL.Query()
	v := eventsView{asked: a, Query: strings.TrimSpace(q.Get("q"))}
	before, err := strconv.ParseUint(q.Get("before"), 16, 64)
	v.Paged = err == nil && before > 0
	switch {
	case len(v.Query) > queryMost:
		v.Query, v.Err = "", "That is longer than any key."
	default:
		err := p.gate.look(a.req.Context(), func(ctx context.Context) (err error) {
			v.Found, err = p.o.Reader.Events(ctx, EventChoice{Text: v.Query, Before: before}, eventsPage)
			return err
		})
		if err != nil {
			v.Err = err.Error()
		}
	}
	if n := len(v.Found.Events); v.Found.More && n > 0 {
		v.Older = "/events?" + url.Values{"q": {v.Query}, "before": {hexNumber(v.Found.Events[n-1].Number)}}.Encode()
	}
	return shown{title: "Last events", nav: navEvents, parts: []part{partOf("events", "events", v)}}
}

type eventView struct {
	asked
	All []Why
}

// Happened is when an event originated.
func (v eventView) Happened(e *bridge.Event) any { return at(time.Unix(e.Timestamp, 0)) }

// event is the page of one event: why.
func (p *page) event(a asked) shown {
	q := a.req.URL.Query()
	var id bridge.ID
	if err := id.UnmarshalText([]byte(q.Get("id"))); err != nil {
		return failed(http.StatusBadRequest, "That is no id", "The id of an event has 32 hex digits. The page of the last events finds it by its beginning.")
	}
	number, _ := strconv.ParseUint(q.Get("number"), 16, 64)
	v := eventView{asked: a}
	err := p.gate.look(a.req.Context(), func(ctx context.Context) (err error) {
		v.All, err = p.o.Reader.Why(ctx, id, number)
		return err
	})
	switch {
	case err != nil:
		return failed(http.StatusServiceUnavailable, "What became of it can't be told now", err.Error())
	case len(v.All) == 0:
		return failed(http.StatusNotFound, "There is no such event",
			"It is neither among the events of the spool that were looked at, nor among the dead letters, nor are its attempts remembered. Settled events are kept for [spool] keep. To look through all: tailpost why "+id.String())
	}
	return shown{title: "Why", nav: navEvents, parts: []part{partOf("event", "event", v)}}
}
