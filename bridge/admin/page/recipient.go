package page

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/status"
)

const attemptsMost = 30

type recipientView struct {
	asked
	R        *status.Recipient
	Needs    []status.Need // about it
	ByPerson bool          // it is paused, and Resume ends that
	CanTest  bool
}

// Alerted says who was told of what fails.
func (v recipientView) Alerted() string { return alerted(v.R) }

// Says is its state in words, where they say more than the badge.
func (v recipientView) Says() string { return says(v.R) }

// Here leads back to the recipient, wherever it is shown from.
func (v recipientView) Here() string { return recipientPath(v.R.Name) }

func recipientPath(name string) string { return "/recipient?name=" + url.QueryEscape(name) }

// recipient is the page of one recipient.
func (p *page) recipient(a asked) shown {
	name := a.query("name")
	r := recipientNamed(a.snap, name)
	if r == nil {
		return failed(http.StatusNotFound, "There is no such recipient", "It may have been renamed, or taken out of the configuration.")
	}
	v := recipientView{asked: a, R: r, CanTest: p.o.Tester != nil}
	v.ByPerson = r.Paused && r.By != "the configuration"
	for _, n := range a.snap.Needs {
		if n.Kind == "recipient" && n.Name == name {
			v.Needs = append(v.Needs, n)
		}
	}
	return shown{title: text(name, 60), live: "of=recipient&name=" + url.QueryEscape(name), parts: []part{
		partOf("recipient-head", "recipient-head", v), partOf("recipient-facts", "recipient-facts", v), p.attempts(a, r),
	}}
}

func recipientNamed(snap *status.Snapshot, name string) *status.Recipient {
	for i := range snap.Recipients {
		if snap.Recipients[i].Name == name {
			return &snap.Recipients[i]
		}
	}
	return nil
}

type attemptsView struct {
	asked
	Attempts []bridge.Attempt
	Err      string
}

// attempts is the part with a recipient's last attempts.
func (p *page) attempts(a asked, r *status.Recipient) part {
	v := attemptsView{asked: a}
	var err error
	v.Attempts, err = p.recent.of(a.req.Context(), p, r, time.Now())
	if err != nil {
		v.Err = err.Error()
	}
	return partOf("attempts", "attempts", v)
}

const (
	recentFor  = 3 * time.Second // attempts serve for others, too, as long
	recentMost = 32              // recipients
)

// recent keeps the attempts of the recipients that were looked at last, so
// that pages that are live read no more than is needed.
type recent struct {
	mu  sync.Mutex
	all map[string]recentAttempts
}

type recentAttempts struct {
	at       time.Time
	made     uint64 // attempts when they were read
	attempts []bridge.Attempt
}

func (rs *recent) of(ctx context.Context, p *page, r *status.Recipient, now time.Time) ([]bridge.Attempt, error) {
	rs.mu.Lock()
	had, ok := rs.all[r.Name]
	rs.mu.Unlock()
	// What was read before its attempts were written down is read again once.
	if ok && (now.Sub(had.at) < recentFor || had.made == r.Attempts && now.Sub(had.at) < 10*recentFor) {
		return had.attempts, nil
	}
	got := recentAttempts{at: now, made: r.Attempts}
	err := p.gate.look(ctx, func(ctx context.Context) (err error) {
		got.attempts, err = p.o.Reader.Attempts(ctx, r.Name, attemptsMost)
		return err
	})
	if err != nil {
		return got.attempts, err
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.all == nil || len(rs.all) >= recentMost {
		rs.all = map[string]recentAttempts{}
	}
	rs.all[r.Name] = got
	return got.attempts, nil
}
