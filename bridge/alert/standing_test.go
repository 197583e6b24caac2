package alert

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestStanding: what people were told of a recipient, in a word.
func TestStanding(t *testing.T) {
	nobody := func(d *desk) {
		p := d.set.Recipients["r"]
		p.EmailContact = nil
		d.set.Recipients["r"] = p
	}
	for _, c := range []struct {
		name string
		set  func(*desk)
		run  func(*desk)
		want string
	}{
		{"all is well", nil, func(d *desk) { d.works(0) }, `"", since -, due -, long false: `},
		{"it has begun", nil, func(d *desk) { d.fails(1); d.pass(time.Minute) },
			"waits, since 0s, due 10m0s, long false: people are told at 2000-01-01T00:10:00Z if it still fails then"},
		{"it lasts", nil, func(d *desk) { d.fails(1); d.pass(11 * time.Minute) },
			"told, since 0s, due 1h10m0s, long true: people were told once, and are told again at 2000-01-01T01:10:00Z"},
		{"it lasts for hours", nil, func(d *desk) { d.fails(1); d.pass(2 * time.Hour) },
			"told, since 0s, due 2h10m0s, long true: people were told 2 times, and are told again at 2000-01-01T02:10:00Z"},
		{"it is over", nil, func(d *desk) { d.fails(1); d.pass(11 * time.Minute); d.works(0); d.pass(time.Minute) }, `"", since -, due -, long false: `},
		{"nobody to tell", nobody, func(d *desk) { d.fails(1); d.pass(11 * time.Minute) },
			"none, since 0s, due -, long true: nobody is told: it has neither email_contact nor alert_url"},
		{"the relay refuses", nil, func(d *desk) { d.mail = errors.New("550 no"); d.fails(1); d.pass(10*time.Minute + time.Second) },
			"not sent, since 0s, due 10m15s, long true: mail: not sent, because 550 no"},
		{"a dead letter, told", nil, func(d *desk) { d.dies("s1", 0); d.pass(time.Minute) }, `"", since -, due -, long false: `},
		{"another, within the hour", nil, func(d *desk) { d.dies("s1", 0); d.pass(time.Minute); d.dies("s1", 0); d.pass(time.Minute) },
			"waits, since -, due 1h0m0s, long false: people are told of dead letters at 2000-01-01T01:00:00Z"},
		{"a dead letter, and the relay refuses", nil, func(d *desk) { d.mail = errors.New("550 no"); d.dies("s1", 0); d.pass(time.Second) },
			"not sent, since -, due 15s, long false: mail: not sent, because 550 no"},
		{"paused while it fails", nil, func(d *desk) {
			d.fails(1)
			d.a.Observe(Facts{Recipients: []RecipientFacts{{Name: "r", Idle: true}}})
			d.pass(11 * time.Minute)
		}, "waits, since 0s, due -, long false: nobody is told while nothing is sent to it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				if c.set != nil {
					c.set(d)
				}
				d.start()
				c.run(d)
				s := d.a.Recipients()["r"]
				since := func(at time.Time) string {
					if at.IsZero() {
						return "-"
					}
					return at.Sub(d.began).String()
				}
				word := string(s.Word)
				if word == "" {
					word = `""`
				}
				if got := fmt.Sprintf("%s, since %s, due %s, long %v: %s", word, since(s.Since), since(s.Due), s.Long, s.Text); got != c.want {
					t.Errorf("\n got %s\nwant %s", got, c.want)
				}
				d.stop()
			})
		})
	}
}
