package alert

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSpoolTrouble: what is told of a spool that takes nothing is about its own
// cause, and so is what to do.
func TestSpoolTrouble(t *testing.T) {
	const holder = "the recipient r holds the oldest part"
	for _, tc := range []struct {
		name      string
		is        SpoolFacts
		wantTitle string
		want, not []string // of the text
		wantOver  string
	}{
		{"recipients fill it", SpoolFacts{Stuck: "max_bytes is reached"}, "the spool is filling up",
			[]string{"max_bytes is reached; 100 % of max_bytes are in use; " + holder, "more room: max_bytes."}, []string{"that disk"}, "the spool has room again"},
		{"the disk is full", SpoolFacts{Stuck: "no space left on device", Trouble: NoSpace}, "the disk of the spool is full",
			[]string{"no space left on device\n", "Make room on that disk"}, []string{holder, "100 %", "spool forget", "more room"}, "the spool has room again"},
		{"it can't be written", SpoolFacts{Stuck: "read-only file system", Trouble: Fails}, "the spool can't be written",
			[]string{"read-only file system\n", "kernel's log"}, []string{holder, "100 %", "spool forget", "Make room"}, "the spool can be written again"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.start()
				f := &Facts{Spool: tc.is}
				f.Spool.Wanted, f.Spool.MaxBytes, f.Spool.Holder = 100, 100, "r"
				d.watch(time.Minute, f)
				f.Spool = SpoolFacts{MaxBytes: 100}
				d.watch(7*time.Minute, f)
				d.stop()
				if len(d.mails) != 2 || d.mails[0].Subject != "[tailpost] "+tc.wantTitle || d.mails[1].Subject != "[tailpost] "+tc.wantOver {
					t.Fatalf("%+v", d.mails)
				}
				for _, w := range tc.want {
					if !strings.Contains(d.mails[0].Text, w) {
						t.Errorf("%q isn't in:\n%s", w, d.mails[0].Text)
					}
				}
				for _, w := range tc.not {
					if strings.Contains(d.mails[0].Text, w) {
						t.Errorf("%q is in:\n%s", w, d.mails[0].Text)
					}
				}
			})
		})
	}
}

// TestGivenUp: events that were given up are counted, told at once and then
// once an interval; a worker's life that begins anew is no news.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.start()
		f := &Facts{Recipients: []RecipientFacts{{Name: "r"}}}
		d.watch(time.Minute, f)
		for range 10 {
			f.Recipients[0].GivenUp += 4
			d.watch(time.Minute, f)
		}
		d.watch(time.Hour, f)
		f.Recipients[0].GivenUp = 0
		d.watch(time.Minute, f)
		d.stop()
		var got []string
		for _, m := range d.mails {
			got = append(got, m.Subject)
		}
		if len(got) != 2 || got[0] != "[tailpost] r: 4 events given up" || got[1] != "[tailpost] r: 36 events given up" {
			t.Errorf("%q", got)
		}
	})
}
