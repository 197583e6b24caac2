package bridge_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

func TestPulse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p bridge.Pulse
		time.Sleep(time.Minute)
		if got := p.Busy(); got != 0 {
			t.Errorf("before it began: %v", got)
		}
		p.Work()
		time.Sleep(time.Minute)
		if got := p.Busy(); got.Round(time.Microsecond) != time.Minute {
			t.Errorf("a minute at one step: %v", got)
		}
		p.Work()
		time.Sleep(time.Second)
		if got := p.Busy(); got.Round(time.Microsecond) != time.Second {
			t.Errorf("the next step: %v", got)
		}
		p.Wait()
		time.Sleep(time.Hour)
		if got := p.Busy(); got != 0 {
			t.Errorf("it waits: %v", got)
		}
	})
}
