package alert

import "time"

// State is one alert as it stands: one that lasts, or one that not everybody
// has been told of yet.
type State struct {
	Alert     string    `json:"alert"`
	Recipient string    `json:"recipient,omitempty"`
	Source    string    `json:"source,omitempty"`
	Lasts     bool      `json:"lasts"`
	Since     time.Time `json:"since,omitzero"` // of what lasts
	Error     string    `json:"error,omitempty"`
	Mail      Told      `json:"mail"`
	URL       Told      `json:"alert_url"`
}

// Told is what one way has told.
type Told struct {
	Times   int    `json:"times"`              // that it lasts
	Untold  uint64 `json:"untold,omitempty"`   // of what is counted
	NotSent string `json:"not_sent,omitempty"` // "not sent, because ..."; or to some of the addresses only
}

// State gives all alerts, in a fixed order.
func (a *Alerts) State() []State {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []State
	for _, k := range a.inOrderLocked() {
		if !a.knownLocked(k) {
			continue
		}
		t, c := a.topics[k], a.contactLocked(k)
		s := State{Alert: string(k.kind), Lasts: t.On}
		if t.On {
			s.Since, s.Error = t.Began, t.reason()
		}
		switch k.kind {
		case failing, deadLetters, lostEvents:
			s.Recipient = k.name
		case silent, unreadable, quarantined, lostInput:
			s.Source = k.name
		}
		s.Mail, s.URL = t.told(byMail, &c), t.told(byURL, &c)
		if t.On || s.Mail != (Told{}) || s.URL != (Told{}) {
			out = append(out, s)
		}
	}
	return out
}

func (t *topic) told(ch channel, c *contact) Told {
	if !c.reaches(ch) {
		return Told{}
	}
	v := &t.Voices[ch]
	return Told{Times: v.Told, Untold: t.Total - v.Counted, NotSent: v.trouble}
}
