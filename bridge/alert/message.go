package alert

import (
	"fmt"
	"strings"
	"time"

	"github.com/tailpost/tailpost/sinks/macro"
)

// message is what people are told: as JSON for an alert_url, and its subject
// and text for a mail. Receivers of webhooks that show a "text" show it.
type message struct {
	Alert     kind       `json:"alert"`
	State     string     `json:"state"` // lasting | over | counted
	Recipient string     `json:"recipient,omitempty"`
	Source    string     `json:"source,omitempty"`
	Host      string     `json:"host,omitempty"`
	Since     *time.Time `json:"since,omitempty"`    // when what lasts began
	Ended     *time.Time `json:"ended,omitempty"`    // when it was over
	Count     uint64     `json:"count,omitempty"`    // what is counted, since it was told last
	Error     string     `json:"error,omitempty"`    // the last error; of what is counted, the first
	Failing   int        `json:"failing,omitempty"`  // events
	Waiting   uint64     `json:"waiting,omitempty"`  // events
	NextTry   *time.Time `json:"next_try,omitempty"` // at the earliest
	Subject   string     `json:"subject"`
	Text      string     `json:"text"`
}

func (m *message) mailText() string {
	from := "Sent by Tailpost"
	if m.Host != "" {
		from += " on " + m.Host
	}
	return m.Text + "\n-- \n" + from + "\n"
}

// messageLocked puts what is due into words, as things are now.
func (a *Alerts) messageLocked(k key, w what, ch channel) message {
	t, c := a.topics[k], a.contactLocked(k)
	began, ended := t.Began, t.Ended
	m := message{Alert: k.kind, Host: a.o.Host}
	switch k.kind {
	case failing, deadLetters, lostEvents, skipped:
		m.Recipient = k.name
	case silent, unreadable, quarantined, lostInput:
		m.Source = k.name
	}
	switch w {
	case lasts:
		m.State, m.Since, m.Error = "lasting", &began, t.reason()
		if k.kind == failing {
			a.describeFailing(&m, t)
		}
	case over:
		m.State, m.Since, m.Ended, m.Count = "over", &began, &ended, t.Died
	case counted:
		v := &t.Voices[ch]
		m.State, m.Count, m.Error = "counted", t.Total-v.Counted, v.First
	}
	again := w == lasts && t.Voices[ch].Told > 0
	m.Subject = "[tailpost] " + m.subject(t, again)
	m.Text = m.text(t, &c)
	return m
}

func (a *Alerts) describeFailing(m *message, t *topic) {
	m.Failing = t.Events
	m.Waiting = max(a.waiting[m.Recipient], uint64(t.Events)) // that was counted a moment ago
	if t.Last != nil && t.Last.Wait > 0 {
		next := t.Last.At.Add(t.Last.Wait)
		m.NextTry = &next
	}
}

// reason is why a topic lasts, in words.
func (t *topic) reason() string {
	if t.Last != nil {
		return t.Last.Err
	}
	return t.Words
}

// subjects are by kind and state; %s is the recipient or source, %d the count.
func (m *message) subject(t *topic, again bool) string {
	since := ""
	if m.Since != nil {
		since = " since " + stamp(*m.Since)
	}
	still := "is"
	if again {
		still = "is still"
	}
	switch m.Alert {
	case failing:
		if m.State == "over" {
			return m.Recipient + ": no event is failing any longer"
		}
		return m.Recipient + " " + still + " failing" + since
	case deadLetters:
		return m.Recipient + ": " + plural(m.Count, "dead letter")
	case lostEvents:
		return m.Recipient + ": " + plural(m.Count, "event") + " can't be read"
	case silent:
		if m.State == "over" {
			return "source " + m.Source + " gives lines again"
		}
		return "source " + m.Source + " " + still + " silent"
	case unreadable:
		if m.State == "over" {
			return "source " + m.Source + " can be read again"
		}
		return "source " + m.Source + " " + still + " unreadable" + since
	case quarantined:
		return "source " + m.Source + ": " + plural(m.Count, "line") + " in quarantine"
	case lostInput:
		return "source " + m.Source + ": input lost unread, " + plural(m.Count, "time")
	case spoolFills:
		return m.spoolSubject(t, still)
	case skipped:
		return m.Recipient + ": " + plural(m.Count, "event") + " given up"
	case damage:
		return "damage in the spool: " + plural(m.Count, "stretch")
	case unbalanced:
		if m.State == "over" {
			return "all sums fit again"
		}
		return "a sum doesn't fit" + since
	case expired:
		return "dead letters or quarantined lines are gone for good"
	}
	return string(m.Alert)
}

// text is the subject as a sentence, the facts, and what to do.
func (m *message) text(t *topic, c *contact) string {
	var b strings.Builder
	b.WriteString(m.sentence(t) + "\n\n")
	fact := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-14s%s\n", name+":", value)
		}
	}
	if m.Since != nil {
		fact("Since", stamp(*m.Since))
	}
	if m.Ended != nil {
		fact("Until", stamp(*m.Ended))
	}
	if m.State == "counted" {
		fact("Count", fmt.Sprint(m.Count))
		fact(m.firstIs(), m.Error)
	} else {
		fact(m.whyIs(), m.Error)
	}
	if m.State == "lasting" && m.Alert == failing {
		if l := t.Last; l != nil {
			fact("Last attempt", strings.TrimSuffix(stamp(l.At)+", to "+macro.OneLine(l.Peer, 64), ", to "))
			fact("Status", l.Status)
		}
		fact("Failing", plural(uint64(m.Failing), "event"))
		fact("Waiting", plural(m.Waiting, "event"))
		if m.NextTry != nil {
			fact("Next try", stamp(*m.NextTry)+" at the earliest")
		}
	}
	if do := m.advice(t); do != "" {
		b.WriteString("\n" + do + "\n")
	}
	if m.State == "lasting" {
		fmt.Fprintf(&b, "\nThis is said again every %s while it lasts, and once when it is over.\n", duration(c.resend))
	}
	return b.String()
}

// stamp writes a time for people.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// duration writes one with its two largest units at most.
func duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day:
		return strings.TrimSuffix(fmt.Sprintf("%dd %dh", d/day, d%day/time.Hour), " 0h")
	case d >= time.Hour:
		return strings.TrimSuffix(fmt.Sprintf("%dh %dm", d/time.Hour, d%time.Hour/time.Minute), " 0m")
	case d >= time.Minute:
		return strings.TrimSuffix(fmt.Sprintf("%dm %ds", d/time.Minute, d%time.Minute/time.Second), " 0s")
	}
	return d.Round(time.Second).String()
}

// plural writes a number of things.
func plural(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if strings.HasSuffix(thing, "ch") {
		thing += "e"
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
