package config

import "time"

// alarm goes off a while after it was rung last, and no later than a while
// after it was rung first. It is used by one goroutine.
type alarm struct {
	t     *time.Timer
	first time.Time // zero: it is not rung
}

func newAlarm() *alarm {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &alarm{t: t}
}

func (a *alarm) ring(after, most time.Duration) {
	if a.first.IsZero() {
		a.first = time.Now()
	}
	a.t.Reset(min(after, time.Until(a.first.Add(most))))
}

// c has a value when it goes off; then rung must be called.
func (a *alarm) c() <-chan time.Time { return a.t.C }

func (a *alarm) rung() { a.first = time.Time{} }

func (a *alarm) stop() { a.t.Stop() }
