package alert

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestTruthTable is when a recipient's contact is told, and when not: mail
// after 10 minutes, again each hour.
func TestTruthTable(t *testing.T) {
	for _, tc := range []struct {
		name string
		run  func(d *desk)
		want []string // all that arrives: when, while the bridge ran
	}{
		{"never fails", func(d *desk) {
			d.works(0)
			d.pass(3 * hour)
		}, nil},
		{"fails and recovers before", func(d *desk) {
			d.fails(1)
			d.pass(9*time.Minute + 59*time.Second)
			d.works(0)
			d.pass(3 * hour)
		}, nil},
		{"fails and recovers after", func(d *desk) {
			d.fails(1)
			d.pass(25 * time.Minute)
			d.works(0)
			d.pass(3 * hour)
		}, []string{"10m0s mail to ops@example.com: r is failing", "25m0s mail to ops@example.com: r: no event is failing any longer"}},
		{"fails on and on", func(d *desk) {
			for range 80 {
				d.fails(1)
				d.pass(3 * time.Minute)
			}
		}, []string{"10m0s mail to ops@example.com: r is failing", "1h10m0s mail to ops@example.com: r is still failing",
			"2h10m0s mail to ops@example.com: r is still failing", "3h10m0s mail to ops@example.com: r is still failing"}},
		{"recovers before, fails again: another clock", func(d *desk) {
			d.fails(1)
			d.pass(9 * time.Minute)
			d.works(0)
			d.pass(time.Second)
			d.fails(1)
			d.pass(11 * time.Minute)
		}, []string{"19m1s mail to ops@example.com: r is failing"}},
		{"recovers after, fails again: all anew", func(d *desk) {
			d.fails(1)
			d.pass(15 * time.Minute)
			d.works(0)
			d.pass(time.Minute)
			d.fails(1)
			d.pass(15 * time.Minute)
		}, []string{"10m0s mail to ops@example.com: r is failing", "15m0s mail to ops@example.com: r: no event is failing any longer",
			"26m0s mail to ops@example.com: r is failing"}},
		{"one session fails while others succeed", func(d *desk) {
			for range 30 {
				d.fails(1)
				d.pass(30 * time.Second)
				d.works(1)
				d.pass(30 * time.Second)
			}
		}, []string{"10m0s mail to ops@example.com: r is failing"}},
		{"another event fails before the first recovers: one clock", func(d *desk) {
			for range 10 {
				d.fails(2)
				d.pass(30 * time.Second)
				d.works(1)
				d.pass(90 * time.Second)
			}
			d.works(0)
			d.pass(time.Hour)
		}, []string{"10m0s mail to ops@example.com: r is failing", "20m0s mail to ops@example.com: r: no event is failing any longer"}},
		{"a dead letter at once", func(d *desk) {
			d.pass(time.Minute)
			d.dies("s1", 0)
			d.pass(3 * hour)
		}, []string{"1m0s mail to ops@example.com: r: 1 dead letter"}},
		{"many dead letters: one mail an hour", func(d *desk) {
			d.dies("s1", 0)
			d.pass(time.Second)
			for range 500 {
				d.dies("s1", 0)
				d.pass(10 * time.Second)
			}
			d.pass(3 * hour)
		}, []string{"0s mail to ops@example.com: r: 1 dead letter", "1h0m0s mail to ops@example.com: r: 360 dead letters", "2h0m0s mail to ops@example.com: r: 140 dead letters"}},
		{"an event fails until it is dead", func(d *desk) {
			d.fails(1)
			d.pass(time.Hour)
			d.dies("s1", 0)
			d.pass(3 * hour)
		}, []string{"10m0s mail to ops@example.com: r is failing", "1h0m0s mail to ops@example.com: r: 1 dead letter",
			"1h0m0s mail to ops@example.com: r: no event is failing any longer"}},
		{"restart before the mail is due, three days off", func(d *desk) {
			d.fails(1)
			d.pass(9 * time.Minute)
			d.stop()
			d.down(72 * hour)
			d.start()
			d.a.Failing("r", 1)
			d.pass(30 * time.Minute)
		}, []string{"10m0s mail to ops@example.com: r is failing"}},
		{"restart after the mail: no repeat at once, no silence", func(d *desk) {
			d.fails(1)
			d.pass(20 * time.Minute)
			d.stop()
			d.down(time.Second)
			d.start()
			d.a.Failing("r", 1)
			d.pass(time.Hour)
		}, []string{"10m0s mail to ops@example.com: r is failing", "1h10m0s mail to ops@example.com: r is still failing"}},
		{"killed after the mail", func(d *desk) {
			d.fails(1)
			d.pass(20*time.Minute + 17*time.Second)
			d.kill()
			d.start()
			d.a.Failing("r", 1)
			d.pass(time.Hour)
		}, []string{"10m0s mail to ops@example.com: r is failing", "1h10m0s mail to ops@example.com: r is still failing"}},
		{"killed each 20 s", func(d *desk) {
			d.fails(1)
			for range 90 {
				d.pass(20 * time.Second)
				d.kill()
				d.start()
				d.a.Failing("r", 1)
			}
		}, []string{"10m0s mail to ops@example.com: r is failing"}},
		{"killed and recovered meanwhile", func(d *desk) {
			d.fails(1)
			d.pass(20 * time.Minute)
			d.kill()
			d.start()
			d.a.Failing("r", 0)
			d.pass(time.Hour)
		}, []string{"10m0s mail to ops@example.com: r is failing", "20m0s mail to ops@example.com: r: no event is failing any longer"}},
		{"killed and recovered before anybody was told", func(d *desk) {
			d.fails(1)
			d.pass(5 * time.Minute)
			d.kill()
			d.start()
			d.a.Failing("r", 0)
			d.pass(time.Hour)
		}, nil},
		{"dead letters over a restart: the hour goes on", func(d *desk) {
			d.dies("s1", 0)
			d.pass(time.Minute)
			d.dies("s2", 0)
			d.pass(29 * time.Minute)
			d.kill()
			d.start()
			d.dies("s3", 0)
			d.pass(2 * time.Hour)
		}, []string{"0s mail to ops@example.com: r: 1 dead letter", "1h0m0s mail to ops@example.com: r: 2 dead letters"}},
		{"the relay is down: sent when it works", func(d *desk) {
			d.behave(func() { d.mail = errors.New("connect to smtp.example.com: connection refused") })
			d.fails(1)
			d.pass(31 * time.Minute)
			d.behave(func() { d.mail = nil })
			d.pass(30 * time.Minute)
		}, []string{"32m45s mail to ops@example.com: r is failing"}}, // each 5 minutes by then
		{"the relay is down until it is over: nothing to tell", func(d *desk) {
			d.behave(func() { d.mail = errors.New("connection refused") })
			d.fails(1)
			d.pass(30 * time.Minute)
			d.works(0)
			d.behave(func() { d.mail = nil })
			d.pass(3 * hour)
		}, nil},
		{"the relay is down when it is over: told later", func(d *desk) {
			d.fails(1)
			d.pass(15 * time.Minute)
			d.behave(func() { d.mail = errors.New("connection refused") })
			d.works(0)
			d.pass(2 * time.Minute)
			d.behave(func() { d.mail = nil })
			d.pass(3 * hour)
		}, []string{"10m0s mail to ops@example.com: r is failing", "18m45s mail to ops@example.com: r: no event is failing any longer"}},
		{"the relay doesn't answer: dead letters and others wait their turn, none is lost", func(d *desk) {
			d.behave(func() { d.stuck = true })
			d.fails(1)
			d.pass(11 * time.Minute)
			d.dies("s1", 1)
			d.pass(5*time.Minute + time.Second)
			d.behave(func() { d.stuck = false })
			d.pass(10 * time.Minute)
		}, []string{"18m0s mail to ops@example.com: r is failing", "18m30s mail to ops@example.com: r: 1 dead letter"}},
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
