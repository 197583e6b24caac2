package page

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/tailpost/tailpost/bridge/status"
)

// statusView is what the parts of the status page show.
type statusView struct {
	asked
	*status.Snapshot
	Headline string
	Tone     string
	Waiting  uint64
	Chips    []chip
	Shown    int // recipients in the table
}

// chip chooses recipients by their state.
type chip struct {
	Word  string
	State string // "": all
	Count int
	Here  bool
}

// row is one line of a table of the snapshot.
type row struct {
	asked
	ID string
	R  *status.Recipient
	S  *status.Source
}

// status is the page of the whole bridge. Streams share what is made of a
// snapshot: it is the same for every visitor.
func (p *page) status(a asked) shown {
	if !a.live {
		return statusOf(a)
	}
	return p.drawn.of(a.snap, a.query("show"), func() shown { return statusOf(a) })
}

// drawn keeps what was made of the last snapshot, by the choice of recipients.
type drawn struct {
	mu   sync.Mutex
	snap *status.Snapshot
	by   map[string]shown
}

// drawnMost bounds drawn.by: visitors can ask for any text.
const drawnMost = 16

func (d *drawn) of(snap *status.Snapshot, show string, draw func() shown) shown {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.snap != snap || len(d.by) >= drawnMost {
		d.snap, d.by = snap, map[string]shown{}
	}
	s, ok := d.by[show]
	if !ok {
		s = draw()
		d.by[show] = s
	}
	return s
}

func statusOf(a asked) shown {
	want := status.State(a.query("show"))
	v := statusView{asked: a, Snapshot: a.snap}
	v.Headline, v.Tone = headline(a)
	var recipients, sources []part
	states := map[status.State]int{}
	for i := range a.snap.Recipients {
		r := &a.snap.Recipients[i]
		states[r.State]++
		v.Waiting += r.Waiting
		if want != "" && r.State != want {
			continue
		}
		id := fmt.Sprintf("r%d", i)
		recipients = append(recipients, partOf(id, "recipient-row", row{asked: a, ID: id, R: r}))
	}
	for i := range a.snap.Sources {
		id := fmt.Sprintf("s%d", i)
		sources = append(sources, partOf(id, "source-row", row{asked: a, ID: id, S: &a.snap.Sources[i]}))
	}
	v.Shown, v.Chips = len(recipients), chips(states, want, len(a.snap.Recipients))
	s := shown{nav: navStatus, live: "of=status", parts: []part{
		partOf("summary", "summary", v), partOf("needs", "needs", v),
		listOf("recipients", "recipients", v, recipients), listOf("sources", "sources", v, sources), partOf("system", "system", v),
	}}
	if want != "" {
		s.live += "&show=" + url.QueryEscape(string(want))
	}
	return s
}

// headline says how the bridge fares, and how bad that is.
func headline(a asked) (text, tone string) {
	n := len(a.snap.Needs)
	grave := slices.ContainsFunc(a.snap.Needs, func(n status.Need) bool { return n.Grave })
	switch {
	case grave || !a.snap.Ready && n > 0:
		return numbered(n, "thing needs", "things need") + " a person", "bad"
	case !a.snap.Ready:
		return "Not ready", "bad" // what flows all the same is told below
	case n > 0:
		return numbered(n, "thing needs", "things need") + " a person", "warn"
	}
	if ails := a.snap.Ailing(); ails != "" {
		return "Nothing needs a person yet: " + ails, "warn"
	}
	return "All is well", "good"
}

// worst orders states: what needs somebody stands first.
var worst = []string{"bad", "warn", "idle", "good"}

// chips gives the choices there are, if there is more than one.
func chips(states map[status.State]int, want status.State, all int) (out []chip) {
	if len(states) < 2 && want == "" {
		return nil
	}
	for s, n := range states {
		out = append(out, chip{Word: badgeOf(s).Word, State: string(s), Count: n, Here: s == want})
	}
	slices.SortFunc(out, func(a, b chip) int {
		x, y := badgeOf(status.State(a.State)), badgeOf(status.State(b.State))
		return cmp.Or(cmp.Compare(slices.Index(worst, x.Tone), slices.Index(worst, y.Tone)), cmp.Compare(x.Word, y.Word))
	})
	return append([]chip{{Word: "All", Count: all, Here: want == ""}}, out...)
}

// NeedTone is the tone of a need.
func (v statusView) NeedTone(n status.Need) string {
	if n.Grave {
		return "bad"
	}
	return "warn"
}

// NeedLink is where more is said of what a need is about; "": nowhere.
func (v statusView) NeedLink(n status.Need) string {
	switch {
	case n.Kind != "recipient" || n.Name == "":
	case v.Known(n.Name):
		return recipientPath(n.Name)
	case slices.ContainsFunc(v.Forgotten, func(f status.Forgotten) bool { return f.Name == n.Name }):
		return "/dead?recipient=" + url.QueryEscape(n.Name)
	}
	return ""
}

// Lag says how far behind a source is.
func (r row) Lag() string {
	if r.S.LagBytes <= 0 {
		return "none"
	}
	if r.S.LagSeconds <= 0 {
		return size(r.S.LagBytes)
	}
	return size(r.S.LagBytes) + ", " + seconds(r.S.LagSeconds)
}

// Alerted says who was told of what fails.
func (r row) Alerted() string { return alerted(r.R) }

// Calm reports whether there is nothing to be said of alerts and dead letters.
func (r row) Calm() bool {
	return r.R.Letters == 0 && r.R.AlertText == "" && (r.R.Alert == "" || r.R.Alert == "none")
}

// Says is the state in words, where they say more than the badge.
func (r row) Says() string { return says(r.R) }

// says leaves out what stands beside it: the badge's word, the last error.
func says(r *status.Recipient) string {
	said := r.Text
	if r.LastError != "" && !r.LastFailure.IsZero() {
		said = strings.TrimSuffix(strings.TrimSuffix(said, r.LastError), ": ")
	}
	word := badgeOf(r.State).Word
	if len(said) >= len(word) && strings.EqualFold(said[:len(word)], word) {
		said = strings.TrimLeft(said[len(word):], ":, ")
	}
	if r.State == status.OK && !r.LastSuccess.IsZero() { // it says when that was
		return ""
	}
	return said
}

func alerted(r *status.Recipient) string {
	if r.AlertText != "" {
		return text(r.AlertText, longMost)
	}
	switch r.Alert {
	case "", "none":
		return "none"
	case "waits":
		return "not yet: it fails since a short time"
	}
	return text(r.Alert, textMost)
}
