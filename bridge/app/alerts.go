package app

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// newAlerts makes the alerts; they know nobody yet.
func (a *app) newAlerts() *alert.Alerts {
	host, _ := os.Hostname() // it is for people; without it they see none
	return alert.New(alert.Options{Dir: a.conf().StateDir, Host: host, Log: a.o.Log})
}

// alertSettings is whom the configuration wants to be told. relay is nil
// without a mail server.
func (a *app) alertSettings(relay *smtpsink.Relay) alert.Settings {
	s := alert.Settings{Recipients: a.conf().AlertPolicies(), Sources: a.conf().SilentAfter(), System: a.conf().Alerts}
	if relay != nil {
		s.Mailer = mailer{relay}
	}
	return s
}

// mailer is the mail relay as alerts want it.
type mailer struct{ relay *smtpsink.Relay }

// Send is alert.Mailer's.
func (m mailer) Send(ctx context.Context, mail alert.Mail) (refused string, err error) {
	sent, err := m.relay.Send(ctx, smtpsink.Mail{To: mail.To, Subject: mail.Subject, Text: mail.Text})
	if err == nil && len(sent.Refused) > 0 {
		first := sent.Refused[0]
		refused = fmt.Sprintf("%d of %d addresses are refused, such as %s: %v", len(sent.Refused), len(mail.To), first.Address, first.Err)
	}
	return refused, err
}

// factsEvery lies between two looks at the numbers that alerts watch.
const factsEvery = 2 * time.Second

// watchFacts gathers them for the alerts.
func (a *app) watchFacts(ctx context.Context, l lately) error {
	tick := time.NewTicker(factsEvery)
	defer tick.Stop()
	for {
		f := a.facts()
		a.alerts.Observe(f)
		a.noteLately(l.observe(f, time.Now()))
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// noteLately keeps what has happened for those who ask.
func (a *app) noteLately(grown map[recentKey]uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lately = grown
	if a.relaying == nil {
		a.relayBad = time.Time{}
		return
	}
	switch said := a.relaying.Status(); {
	case said.OK || said.At.IsZero():
		a.relayBad = time.Time{}
	case a.relayBad.IsZero():
		a.relayBad = time.Now()
	}
}

// troubleOf says what keeps the spool from taking anything.
func troubleOf(s spool.Status) alert.Trouble {
	switch {
	case noSpaceIn(s.Failing) || s.Failing == "" && noSpaceIn(s.JournalFailing):
		return alert.NoSpace
	case s.Failing != "" || s.JournalFailing != "":
		return alert.Fails
	case s.Full != "" && s.NoSpace:
		return alert.NoSpace
	}
	return alert.Held
}

// givenUp is how many of a recipient's events were, because the spool was full.
func (r *recipient) givenUp() uint64 {
	if r.now == nil {
		return 0
	}
	return uint64(r.now.Stats().Skipped)
}

func (a *app) facts() alert.Facts {
	var f alert.Facts
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.recipients {
		if r.gone || r.queue == nil {
			continue
		}
		s, p := r.queue.Stats(), a.policyOf(r.name)
		f.Recipients = append(f.Recipients, alert.RecipientFacts{
			Name: r.name, Idle: r.queue.Paused() || p != nil && (p.Paused || !p.Enabled),
			Waiting: s.Waiting, Dead: s.Dead, Damaged: s.Damaged, GivenUp: r.givenUp(),
		})
	}
	for _, s := range a.sources {
		if !s.ingest.Restored() {
			continue
		}
		t, r := s.ingest.Totals(), s.ingest.Rejected()
		f.Sources = append(f.Sources, alert.SourceFacts{
			Name: s.name, Read: t.Read, Quarantined: t.Quarantined, Rejected: r.Lines, Reason: r.Reason,
			Losses: t.Losses, LostBytes: t.LostBytes, Unreadable: s.unreadable(),
		})
	}
	s := a.spool.Status()
	f.Spool = alert.SpoolFacts{
		Wanted: s.Wanted, MaxBytes: s.MaxBytes, Holder: s.Holder, Stuck: cmp.Or(s.Failing, s.JournalFailing, s.Full), Trouble: troubleOf(s),
		Damaged: s.Damage.Ranges, Bytes: s.Damage.Bytes, Expired: s.Dead.Expired + s.Lines.Expired,
	}
	f.Balance = a.imbalanceLocked()
	return f
}
