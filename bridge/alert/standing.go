package alert

import (
	"fmt"
	"time"
)

// Standing is what people were told of a recipient that fails, or has dead
// letters.
type Standing struct {
	Word  Word
	Since time.Time // of what lasts; zero: nothing does
	Due   time.Time // when people are told next; zero: never, or now
	Text  string    // in words; empty: there is nothing to tell
	Long  bool      // it has been failing for send_email_alert_after, whether somebody is told or not
}

// Word is a Standing in one word.
type Word string

// The words of a Standing.
const (
	NoAlert Word = "none"     // nothing lasts, or nobody is to be told
	Waits   Word = "waits"    // it fails, and nobody is to be told yet
	Tells   Word = "told"     // people were told, and are told again
	NotSent Word = "not sent" // they were to be told, and could not be
)

// Recipients gives how it stands with each recipient that there is something
// to tell of.
func (a *Alerts) Recipients() map[string]Standing {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[string]Standing{}
	for _, k := range []kind{deadLetters, failing} { // what fails now counts more
		for name := range a.set.Recipients {
			t := a.topics[key{k, name}]
			if t == nil {
				continue
			}
			c := a.contactLocked(key{k, name})
			if s := t.standing(k, &c, a.clock()); s.Text != "" && (s.Word != NoAlert || out[name].Text == "") && out[name].Word != NotSent {
				out[name] = s
			}
		}
	}
	return out
}

// standing tells of a topic of a recipient.
func (t *topic) standing(k kind, c *contact, now time.Duration) (s Standing) {
	if k == failing && t.On {
		s.Since, s.Long = t.Began, !c.hold && now-t.From >= c.after
	}
	told, trouble, due, owes := 0, "", time.Duration(-1), false
	for ch := range channels {
		if !c.reaches(ch) {
			continue
		}
		v := &t.Voices[ch]
		told += v.Told
		if v.trouble != "" {
			trouble = ch.String() + ": " + v.trouble
		}
		if w, at := t.due(ch, c); w != nothing && (due < 0 || at < due) {
			due = at
			owes = true
		}
	}
	if due > now {
		s.Due = time.Now().Round(0).Add(due - now)
	}
	switch {
	case trouble != "":
		s.Word, s.Text = NotSent, trouble // which begins with the way
	case k == deadLetters && owes:
		s.Word, s.Text = Waits, "people are told of dead letters"+at(s.Due)
	case !t.On || k == deadLetters:
		s.Word = NoAlert
	case !c.reaches(byMail) && !c.reaches(byURL):
		s.Word, s.Text = NoAlert, "nobody is told: it has neither email_contact nor alert_url"
	case c.hold:
		s.Word, s.Text = Waits, "nobody is told while nothing is sent to it"
	case told > 0:
		s.Word, s.Text = Tells, fmt.Sprintf("people were told %s, and are told again%s", times(told), at(s.Due))
	default:
		s.Word, s.Text = Waits, "people are told"+at(s.Due)+" if it still fails then"
	}
	return s
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func at(t time.Time) string {
	if t.IsZero() {
		return " now"
	}
	return " at " + t.UTC().Format(time.RFC3339)
}
