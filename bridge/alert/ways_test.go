package alert

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
)

// TestRelayDown: what the mail relay doesn't take is posted, logged and shown,
// and mailed as soon as it works.
func TestRelayDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.withURL()
		d.behave(func() { d.mail = errors.New("connect to smtp.example.com: connection refused") })
		d.start()
		d.fails(1)
		d.pass(21 * time.Minute)
		d.want("10m0s post: r is failing")
		s := d.state(failing)
		if want := "not sent, because connect to smtp.example.com: connection refused"; s.Mail.NotSent != want || s.Mail.Times != 0 {
			t.Errorf("mail: %+v", s.Mail)
		}
		if s.URL.NotSent != "" || s.URL.Times != 1 || !s.Lasts || s.Error != "503 Service Unavailable" {
			t.Errorf("state: %+v", s)
		}
		if n := strings.Count(d.log.String(), `"not sent, because`); n != 1 {
			t.Errorf("said %d times:\n%s", n, d.log.String())
		}
		d.behave(func() { d.mail = nil })
		d.pass(5 * time.Minute)
		d.want("22m45s mail to ops@example.com: r is failing")
		if s := d.state(failing); s.Mail.NotSent != "" || s.Mail.Times != 1 {
			t.Errorf("mail: %+v", s.Mail)
		}
		d.works(0)
		d.pass(time.Minute)
		slices.Sort(d.got) // both at once
		d.want("26m0s mail to ops@example.com: r: no event is failing any longer", "26m0s post: r: no event is failing any longer")
		d.stop()
	})
}

// TestRelayThatDoesNotAnswer holds up no POST.
func TestRelayThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.withURL()
		d.behave(func() { d.stuck = true })
		d.start()
		d.fails(1)
		d.pass(10*time.Minute + time.Second)
		d.dies("s1", 1)
		d.pass(time.Second)
		d.want("10m0s post: r is failing", "10m1s post: r: 1 dead letter")
		d.stop() // at once: the mail under way ends with it
	})
}

// TestURLFails: what it doesn't take is tried again, and no secret of it is in
// the log or the state.
func TestURLFails(t *testing.T) {
	for _, tc := range []struct {
		name    string
		status  int
		wantWhy string
	}{
		{"no connection", 0, "not sent, because post to hooks.example.com: connection refused"},
		{"500", 500, "not sent, because hooks.example.com answered 500 Internal Server Error"},
		{"a redirect is not followed", 302, "not sent, because hooks.example.com answered 302 Found"},
		{"404", 404, "not sent, because hooks.example.com answered 404 Not Found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.withURL()
				d.set.Mailer = nil
				d.behave(func() { d.status = tc.status })
				d.start()
				d.fails(1)
				d.pass(21 * time.Minute)
				d.want()
				if got := d.state(failing).URL.NotSent; got != tc.wantWhy {
					t.Errorf("why: %q", got)
				}
				if strings.Contains(d.log.String(), "SECRET") || !strings.Contains(d.log.String(), "https://hooks.example.com/…") {
					t.Errorf("logged: %s", d.log.String())
				}
				d.behave(func() { d.status = 200 })
				d.pass(5 * time.Minute)
				d.want("22m45s post: r is failing")
				d.stop()
			})
		})
	}
}

// TestSomeAddressesRefuse: the mail counts as sent, and the state says who has
// not got it.
func TestSomeAddressesRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.behave(func() { d.refused = "1 of 2 addresses are refused" })
		d.start()
		d.fails(1)
		d.pass(30 * time.Minute)
		d.want("10m0s mail to ops@example.com: r is failing")
		if got := d.state(failing).Mail; got != (Told{Times: 1, NotSent: "not sent to all, because 1 of 2 addresses are refused"}) {
			t.Errorf("mail: %+v", got)
		}
		d.stop()
	})
}

// TestSettingsChange: what changes while something lasts holds at once.
func TestSettingsChange(t *testing.T) {
	change := func(d *desk, f func(p *Policy)) {
		p := d.set.Recipients["r"]
		f(&p)
		d.set.Recipients = map[string]Policy{"r": p}
		d.a.Set(d.set)
	}
	for _, tc := range []struct {
		name string
		run  func(d *desk)
		want []string
	}{
		{"sooner", func(d *desk) {
			d.fails(1)
			d.pass(6 * time.Minute)
			change(d, func(p *Policy) { p.SendAfter = option.Duration(5 * time.Minute) })
			d.pass(time.Minute)
		}, []string{"6m0s mail to ops@example.com: r is failing"}},
		{"another address hears the rest", func(d *desk) {
			d.fails(1)
			d.pass(15 * time.Minute)
			change(d, func(p *Policy) { p.EmailContact = option.List{"new@example.com"} })
			d.pass(time.Minute)
			d.works(0)
			d.pass(time.Minute)
		}, []string{"10m0s mail to ops@example.com: r is failing", "16m0s mail to new@example.com: r: no event is failing any longer"}},
		{"no address any more, then one again: what was is not told", func(d *desk) {
			d.fails(1)
			d.pass(15 * time.Minute)
			change(d, func(p *Policy) { p.EmailContact = nil })
			d.dies("s1", 0)
			d.pass(time.Hour)
			change(d, func(p *Policy) { p.EmailContact = option.List{"new@example.com"} })
			d.pass(time.Hour)
		}, []string{"10m0s mail to ops@example.com: r is failing"}},
		{"the recipient is gone, and comes back still failing", func(d *desk) {
			d.fails(1)
			d.pass(15 * time.Minute)
			was := d.set.Recipients
			d.set.Recipients = nil
			d.a.Set(d.set)
			d.pass(3 * hour)
			d.set.Recipients = was
			d.a.Failing("r", 1) // its worker may be there first
			d.a.Set(d.set)
			d.pass(11 * time.Minute)
		}, []string{"10m0s mail to ops@example.com: r is failing", "3h25m0s mail to ops@example.com: r is failing"}},
		{"a relay comes with the change", func(d *desk) {
			d.set.Mailer = nil
			d.a.Set(d.set)
			d.fails(1)
			d.pass(15 * time.Minute)
			d.set.Mailer = d
			d.a.Set(d.set)
			d.pass(time.Minute)
		}, []string{"15m0s mail to ops@example.com: r is failing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.start()
				tc.run(d)
				d.stop()
				d.want(tc.want...)
			})
		})
	}
}
