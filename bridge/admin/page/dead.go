package page

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

const (
	lettersPage = 50
	skipMost    = 5000 // letters: who is further back has the command
)

// sinces are the times within which letters can be asked for.
var sinces = []string{"1h", "24h", "7d", "30d"}

type deadView struct {
	asked
	Which             LetterChoice
	Since             string
	Names, EventNames []string
	Sinces            []string
	Found             Letters
	From, To          int
	Replay, Drop      string // the questions whether all of them are meant
	Filtered          bool
	Newer, Older      string // other pages; "": there is none
	Err               string
}

// choiceOf reads the choice of dead letters of a query. A time that makes no
// sense is an error: without it, all would be chosen.
func choiceOf(q url.Values, now time.Time) (which LetterChoice, since string, err error) {
	which = LetterChoice{Recipient: q.Get("recipient"), Event: q.Get("event")}
	switch since = q.Get("since"); since {
	case "1h":
		which.Since = now.Add(-time.Hour)
	case "24h":
		which.Since = now.Add(-24 * time.Hour)
	case "7d":
		which.Since = now.Add(-7 * 24 * time.Hour)
	case "30d":
		which.Since = now.Add(-30 * 24 * time.Hour)
	case "":
	default:
		if which.Since, err = time.Parse(time.RFC3339, since); err != nil {
			err = fmt.Errorf("the filter can't be read, and so nothing is shown: since is %q, and not 1h, 24h, 7d, 30d or a time such as 2026-11-22T08:00:00Z", text(since, textMost))
		}
	}
	return which, since, err
}

// queryOf writes a choice as a query.
func queryOf(which LetterChoice, since string) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"recipient": which.Recipient, "event": which.Event, "since": since} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// dead is the page of the dead letters.
func (p *page) dead(a asked) shown {
	q := a.req.URL.Query()
	v := deadView{asked: a, Sinces: sinces}
	var err error
	v.Which, v.Since, err = choiceOf(q, a.now)
	if err != nil {
		v.Err = err.Error()
		v.Names, v.EventNames = a.choices(v.Which)
		return shown{code: http.StatusBadRequest, title: "Dead letters", nav: navDead, parts: []part{partOf("dead", "dead", v)}}
	}
	v.Filtered = v.Which != LetterChoice{}
	all := queryOf(v.Which, v.Since)
	all.Set("do", "replay")
	v.Replay = "/dead/confirm?" + all.Encode()
	all.Set("do", "drop")
	v.Drop = "/dead/confirm?" + all.Encode()
	v.Names, v.EventNames = a.choices(v.Which)
	skip, _ := strconv.Atoi(q.Get("skip"))
	skip = min(max(skip, 0), skipMost)
	err = p.gate.look(a.req.Context(), func(ctx context.Context) (err error) {
		v.Found, err = p.o.Reader.Letters(ctx, v.Which, skip, lettersPage)
		return err
	})
	if err != nil {
		v.Err = err.Error()
	}
	v.From, v.To = skip+1, skip+len(v.Found.Letters)
	to := func(skip int) string {
		q := queryOf(v.Which, v.Since)
		if skip > 0 {
			q.Set("skip", strconv.Itoa(skip))
		}
		return "/dead?" + q.Encode()
	}
	if skip > 0 {
		v.Newer = to(max(0, skip-lettersPage))
	}
	if v.To < v.Found.Total && skip < skipMost {
		v.Older = to(skip + lettersPage)
	}
	return shown{title: "Dead letters", nav: navDead, parts: []part{partOf("dead", "dead", v)}}
}

// Known reports whether there is a page of that recipient.
func (a asked) Known(name string) bool { return recipientNamed(a.snap, name) != nil }

// choices are the recipients and events that can be asked for.
func (a asked) choices(which LetterChoice) (names, events []string) {
	set := map[string]bool{}
	events = bridge.SessionEvents()
	if which.Event != "" && !slices.Contains(events, which.Event) {
		events = append(events, which.Event)
	}
	for i := range a.snap.Recipients {
		set[a.snap.Recipients[i].Name] = true
	}
	for _, f := range a.snap.Forgotten {
		set[f.Name] = true
	}
	if which.Recipient != "" {
		set[which.Recipient] = true
	}
	return slices.Sorted(maps.Keys(set)), events
}

// field is a name and a value.
type field struct{ Name, Value string }

type confirmView struct {
	asked
	Drop    bool
	What    string
	Facts   []field
	Fields  []field
	Action  string
	Back    string
	Stopped bool
	Err     string
}

// confirm asks whether what was chosen is meant.
func (p *page) confirm(a asked) shown {
	q := a.req.URL.Query()
	which, since, err := choiceOf(q, a.now)
	if err != nil {
		return failed(http.StatusBadRequest, "Nothing is chosen", err.Error())
	}
	v := confirmView{asked: a, Drop: q.Get("do") == "drop", Action: "/dead/replay", Back: "/dead?" + queryOf(which, since).Encode()}
	if v.Drop {
		v.Action = "/dead/drop"
	}
	add := func(name, label, value string) {
		if value != "" {
			v.Facts = append(v.Facts, field{label, value})
			v.Fields = append(v.Fields, field{name, value})
		}
	}
	id := q.Get("id")
	add("id", "Event", id)
	add("recipient", "Recipient", which.Recipient)
	if id != "" {
		v.What = "a dead letter"
	} else {
		add("event", "Events", which.Event)
		if !which.Since.IsZero() { // the same letters, however long one thinks it over
			add("since", "Died since", which.Since.UTC().Format(time.RFC3339))
		}
		v.Fields = append(v.Fields, field{"all", "yes"})
		v.What = p.howMany(a, which, &v)
	}
	v.Fields = append(v.Fields, field{"next", v.Back})
	return shown{title: "Sure?", nav: navDead, parts: []part{partOf("confirm", "confirm", v)}}
}

func (p *page) howMany(a asked, which LetterChoice, v *confirmView) string {
	n := 0
	err := p.gate.look(a.req.Context(), func(ctx context.Context) error {
		l, err := p.o.Reader.Letters(ctx, which, 0, 0)
		n, v.Stopped = l.Total, l.Stopped
		return err
	})
	if err != nil {
		v.Err = err.Error()
	}
	what := numbered(n, "dead letter", "dead letters")
	if n > 1 {
		what = "all " + what
	}
	if which != (LetterChoice{}) {
		what += " that fit"
	}
	return what
}
