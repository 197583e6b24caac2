package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin"
)

const (
	formMost  = 64 << 10         // bytes of a form
	changeFor = 5 * time.Minute  // a change may take as long
	testFor   = 60 * time.Second // a test event
	testsMost = 4                // of them at once
)

// change does what a form asks for, and gives the page that tells of it.
type change func(w http.ResponseWriter, r *http.Request) (to string)

// changing answers a POST that changes something: by a redirect to where its
// outcome is told.
func (p *page) changing(do change) http.Handler {
	guarded := p.o.Guard.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The guard reads the form only where it looks for something in it.
		if f := unreadable(readForm(r)); f != nil {
			f.Write(w)
			return
		}
		c := http.NewResponseController(w)
		// All of it is read. Its deadline would end the request's context, and
		// with it what it asks for.
		_ = c.SetReadDeadline(time.Time{})
		_ = c.SetWriteDeadline(time.Now().Add(changeFor + writeFor))
		to := do(w, r)
		http.Redirect(w, r, to, http.StatusSeeOther)
	}), p.refuse)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, formMost)
		guarded.ServeHTTP(w, r)
	})
}

// readForm takes in all that the request sends, while its deadline holds: what
// isn't a form is read and left aside.
func readForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, r.Body)
	return err
}

// unreadable says what is wrong with a form that can't be read; nil: nothing.
func unreadable(err error) *admin.Refusal {
	if err == nil {
		return nil
	}
	f := &admin.Refusal{Status: http.StatusBadRequest, Text: "the form can't be read: " + err.Error()}
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		f.Status = http.StatusRequestEntityTooLarge
	}
	return f
}

// refuse tells a visitor why nothing was changed.
func (p *page) refuse(w http.ResponseWriter, r *http.Request, f *admin.Refusal) {
	f.Headers(w.Header())
	a, ok := p.ask(w, r)
	if !ok {
		return
	}
	if f.Status == http.StatusUnauthorized {
		p.write(w, a, p.signInSaying(a, f))
		return
	}
	p.write(w, a, failed(f.Status, "Nothing was changed", f.Text))
}

// tell keeps an outcome and gives the address at which it is told.
func (p *page) tell(to string, o Outcome) string {
	at, err := url.Parse(to)
	if err != nil {
		at = &url.URL{Path: "/"}
	}
	q := at.Query()
	q.Set("done", p.outcomes.put(o, time.Now()))
	at.RawQuery, at.Fragment = q.Encode(), "outcome" // a reader begins there
	return at.String()
}

// next is the page of ours that a form leads to.
func next(r *http.Request, otherwise string) string {
	to := r.FormValue("next")
	at, err := url.Parse(to)
	// Nothing that a browser could take for another host.
	if err != nil || at.IsAbs() || at.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
		return otherwise
	}
	return to
}

func (p *page) replay(_ http.ResponseWriter, r *http.Request) string {
	return p.revise(r, p.o.Actions.ReplayDead, "Replayed")
}

func (p *page) drop(_ http.ResponseWriter, r *http.Request) string {
	return p.revise(r, p.o.Actions.DropDead, "Dropped")
}

// revise does something with the dead letters that a form chooses.
func (p *page) revise(r *http.Request, do func(context.Context, admin.Letters) (admin.Report, error), done string) string {
	to := next(r, "/dead")
	which, err := lettersOf(r)
	if err != nil {
		return p.tell(to, Outcome{Title: "Nothing was done: " + err.Error()})
	}
	ctx, cancel := context.WithTimeout(r.Context(), changeFor)
	defer cancel()
	report, err := do(ctx, which)
	o := Outcome{Good: err == nil && report.Done > 0, Title: done + " " + numbered(report.Done, "dead letter", "dead letters")}
	if err != nil {
		o.Title += ", and then: " + err.Error()
		if report.Done == 0 {
			o.Title = "Nothing was done: " + err.Error()
		}
	}
	for _, l := range report.Left[:min(len(report.Left), outcomeLines)] {
		o.Lines = append(o.Lines, l.What+": "+l.Reason)
	}
	if more := len(report.Left) - len(o.Lines) + report.LeftOut; more > 0 {
		o.Lines = append(o.Lines, fmt.Sprintf("%d more stay as they were", more))
	}
	p.o.Log.Info().Str("what", strings.ToLower(done)+" dead letters").Int("done", report.Done).Err(err).Msg("done by the page")
	return p.tell(to, o)
}

// lettersOf reads which letters are meant. All of a choice must be asked for in
// so many words: a form that lost its id means none.
func lettersOf(r *http.Request) (admin.Letters, error) {
	which := admin.Letters{Recipient: r.FormValue("recipient")}
	if text := r.FormValue("id"); text != "" {
		var id bridge.ID
		if err := id.UnmarshalText([]byte(text)); err != nil {
			return which, errors.New("the form names no id")
		}
		which.IDs = []bridge.ID{id}
		return which, nil
	}
	if r.FormValue("all") != "yes" {
		return which, errors.New("the form names no dead letter")
	}
	which.Event = r.FormValue("event")
	if text := r.FormValue("since"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return which, errors.New("the form's time makes no sense")
		}
		which.Since = at
	}
	return which, nil
}

func (p *page) pause(_ http.ResponseWriter, r *http.Request) string { return p.setPause(r, true) }

func (p *page) resume(_ http.ResponseWriter, r *http.Request) string { return p.setPause(r, false) }

func (p *page) setPause(r *http.Request, paused bool) string {
	name := r.FormValue("name")
	ctx, cancel := context.WithTimeout(r.Context(), changeFor)
	defer cancel()
	report, err := p.o.Actions.Pause(ctx, name, paused)
	o := Outcome{Good: !report.Outdone, Title: report.Says}
	if err != nil {
		o = Outcome{Title: "Nothing was done: " + err.Error()}
	}
	p.o.Log.Info().Str("recipient", name).Bool("paused", paused).Err(err).Msg("done by the page")
	return p.tell(recipientPath(name), o)
}

// test sends a test event.
func (p *page) test(_ http.ResponseWriter, r *http.Request) string {
	name, event := r.FormValue("name"), r.FormValue("event")
	to := recipientPath(name)
	if p.o.Tester == nil {
		return p.tell(to, Outcome{Title: "Nothing was sent: this bridge sends no test events"})
	}
	if !p.tests.begin() {
		return p.tell(to, Outcome{Title: "Nothing was sent: other test events are under way"})
	}
	defer p.tests.end()
	ctx, cancel := context.WithTimeout(r.Context(), testFor)
	defer cancel()
	t, err := p.o.Tester.Test(ctx, name, event)
	p.o.Log.Info().Str("recipient", name).Bool("taken", t.Taken).Err(err).Msg("test event sent by the page")
	if err != nil {
		return p.tell(to, Outcome{Title: "Nothing was sent: " + err.Error()})
	}
	return p.tell(to, testOutcome(t))
}

// testOutcome tells how a test event fared.
func testOutcome(t Tested) Outcome {
	o := Outcome{Good: t.Taken, Steps: t.Steps, Title: fmt.Sprintf("Test event taken by %s in %s: %s", t.Peer, span(t.Took), t.Answer)}
	if !t.Taken {
		o.Title = fmt.Sprintf("Test event not taken, after %s: %s", span(t.Took), t.Error)
	}
	o.Steps = o.Steps[:min(len(o.Steps), outcomeLines)]
	o.Lines = append([]string{fmt.Sprintf("%s, id %s", eventName(t.Event), t.ID)}, t.Notes...)
	return o
}
