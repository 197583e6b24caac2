package alert

import (
	"context"
	"time"

	"github.com/tailpost/tailpost/sinks/macro"
)

// sendMost bounds one try to send. A mail relay has its own, shorter bound.
const sendMost = 2 * time.Minute

// notice is something to tell, as it was when it was due.
type notice struct {
	key     key
	what    what
	level   int
	total   uint64
	to      []string
	url     string
	mailer  Mailer
	message message
}

// tell sends what is due on one channel, one notice after another.
func (a *Alerts) tell(ctx context.Context, ch channel) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		n, wait := a.next(ch)
		if n != nil {
			refused, err := a.send(ctx, ch, n)
			if ctx.Err() != nil && err != nil {
				return // the next start tries again
			}
			a.sent(ch, n, refused, err)
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-a.wake[ch]:
		case <-timer.C:
		}
	}
}

// next gives what has been due for longest, or how long nothing will be.
func (a *Alerts) next(ch channel) (*notice, time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock()
	first, wait := notice{}, time.Hour
	var due time.Duration
	for _, k := range a.inOrderLocked() {
		t, c := a.topics[k], a.contactLocked(k)
		w, at := t.due(ch, &c)
		switch {
		case w == nothing:
		case at > now:
			wait = min(wait, at-now)
		case first.what == nothing || at < due:
			first = notice{key: k, what: w, level: t.Level, total: t.Total, to: c.to, url: c.url, mailer: a.set.Mailer}
			due = at
		}
	}
	if first.what == nothing {
		return nil, wait
	}
	first.message = a.messageLocked(first.key, first.what, ch)
	return &first, 0
}

func (a *Alerts) send(ctx context.Context, ch channel, n *notice) (refused string, err error) {
	bounded, cancel := context.WithTimeout(ctx, sendMost)
	defer cancel()
	if ch == byMail {
		return n.mailer.Send(bounded, Mail{To: n.to, Subject: n.message.Subject, Text: n.message.mailText()})
	}
	return "", a.post(bounded, n.url, &n.message)
}

// sent notes what became of a notice, and saves that at once: what was told
// must not be told again after a crash.
func (a *Alerts) sent(ch channel, n *notice, refused string, err error) {
	a.mu.Lock()
	t := a.topics[n.key]
	if t == nil { // its recipient is gone meanwhile
		a.mu.Unlock()
		return
	}
	v := &t.Voices[ch]
	was := v.trouble
	if err != nil {
		v.failed(a.clock())
		v.trouble = "not sent, because " + macro.OneLine(err.Error(), errorMax)
	} else {
		v.told(t, n.what, a.clock(), n.level, n.total)
		v.trouble = ""
		if refused != "" {
			v.trouble = "not sent to all, because " + macro.OneLine(refused, errorMax)
		}
	}
	trouble := v.trouble
	a.mu.Unlock()
	if err == nil {
		a.save(false)
	}
	a.logSent(ch, n, trouble, was, err)
}

// logSent says what was sent, and of what wasn't, when that changes.
func (a *Alerts) logSent(ch channel, n *notice, trouble, was string, err error) {
	ev := a.o.Log.Info()
	switch {
	case trouble != "" && trouble != was:
		ev = a.o.Log.Error().Str("why", trouble)
	case err != nil:
		return
	}
	ev = n.key.named(ev).Stringer("by", ch).Str("subject", n.message.Subject)
	if ch == byURL {
		ev = ev.Str("url", shownURL(n.url))
	}
	if err != nil {
		ev.Msg("alert could not be sent")
		return
	}
	ev.Msg("alert sent")
}
