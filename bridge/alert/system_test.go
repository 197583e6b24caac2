package alert

import (
	"testing"
	"testing/synctest"
	"time"
)

// watch lets time go by while somebody looks at the facts every 2 s, as the
// program does.
func (d *desk) watch(long time.Duration, f *Facts) {
	for range long / (2 * time.Second) {
		d.a.Observe(*f)
		d.pass(2 * time.Second)
	}
}

// TestSystemAlerts is when [alerts] is told, and when not.
func TestSystemAlerts(t *testing.T) {
	source := func(f *Facts) *SourceFacts {
		if len(f.Sources) == 0 {
			f.Sources = []SourceFacts{{Name: "s"}}
		}
		return &f.Sources[0]
	}
	recipient := func(f *Facts) *RecipientFacts {
		if len(f.Recipients) == 0 {
			f.Recipients = []RecipientFacts{{Name: "r"}}
		}
		return &f.Recipients[0]
	}
	const to = " mail to admin@example.com: "
	for _, tc := range []struct {
		name   string
		silent time.Duration // the source's silent_after
		run    func(d *desk, f *Facts)
		want   []string
	}{
		{"nothing happens", hour, func(d *desk, f *Facts) {
			for range 60 {
				source(f).Read++
				f.Spool = SpoolFacts{Wanted: 49, MaxBytes: 100}
				d.watch(time.Minute, f)
			}
		}, nil},
		{"a source that may be silent", 0, func(d *desk, f *Facts) {
			source(f)
			d.watch(3*hour, f)
		}, nil},
		{"a silent source, until a line comes", hour, func(d *desk, f *Facts) {
			source(f).Read = 5
			d.watch(135*time.Minute, f)
			source(f).Read++
			d.watch(10*time.Minute, f)
		}, []string{"1h0m0s" + to + "source s is silent", "2h0m0s" + to + "source s is still silent", "2h15m0s" + to + "source s gives lines again"}},
		{"a source that can't be read, until it can", 0, func(d *desk, f *Facts) {
			source(f).Unreadable = "no permission"
			d.watch(61*time.Minute, f)
			source(f).Unreadable = ""
			d.watch(time.Minute, f)
			source(f).Unreadable = "no permission" // it was not over
			d.watch(time.Minute, f)
			source(f).Unreadable = ""
			d.watch(10*time.Minute, f)
		}, []string{"0s" + to + "source s is unreadable", "1h0m0s" + to + "source s is still unreadable", "1h8m0s" + to + "source s can be read again"}},
		{"a source that never gave a line", hour, func(d *desk, f *Facts) {
			source(f)
			d.watch(61*time.Minute, f)
		}, []string{"1h0m0s" + to + "source s is silent"}},
		{"silence goes on over a restart", hour, func(d *desk, f *Facts) {
			source(f).Read = 5
			d.watch(40*time.Minute, f)
			d.stop()
			d.down(10 * hour)
			d.start()
			d.watch(25*time.Minute, f)
			d.kill()
			d.start()
			d.watch(time.Minute, f)
		}, []string{"1h0m0s" + to + "source s is silent"}},
		{"silence goes on over a crash", hour, func(d *desk, f *Facts) {
			source(f).Read = 5
			d.watch(40*time.Minute, f)
			d.kill()
			d.start()
			d.watch(21*time.Minute, f)
		}, []string{"1h0m0s" + to + "source s is silent"}},
		{"lines came while it was down", hour, func(d *desk, f *Facts) {
			source(f).Read = 5
			d.watch(40*time.Minute, f)
			d.kill()
			d.start()
			source(f).Read = 6
			d.watch(50*time.Minute, f)
		}, nil},
		{"no lines are taken: nobody is called silent", hour, func(d *desk, f *Facts) {
			source(f).Read = 5
			d.watch(30*time.Minute, f)
			f.Spool = SpoolFacts{Wanted: 100, MaxBytes: 100, Stuck: "max_bytes is reached"}
			d.watch(50*time.Minute, f)
			f.Spool = SpoolFacts{Wanted: 10, MaxBytes: 100}
			d.watch(50*time.Minute, f)
		}, []string{"30m0s" + to + "the spool is filling up", "1h25m0s" + to + "the spool has room again"}},
		{"a silent source fills the spool at once", hour, func(d *desk, f *Facts) {
			source(f).Read = 5
			d.watch(61*time.Minute, f)
			source(f).Read = 90
			f.Spool = SpoolFacts{Wanted: 100, MaxBytes: 100, Stuck: "max_bytes is reached"}
			d.watch(20*time.Second, f)
		}, []string{"1h0m0s" + to + "source s is silent", "1h1m0s" + to + "source s gives lines again", "1h1m0s" + to + "the spool is filling up"}},
		{"the spool at 50, 80 and 100 %", 0, func(d *desk, f *Facts) {
			for percent := range int64(101) {
				f.Spool = SpoolFacts{Wanted: percent, MaxBytes: 100}
				if percent == 100 {
					f.Spool.Stuck = "max_bytes is reached"
				}
				d.watch(10*time.Second, f)
			}
			f.Spool = SpoolFacts{Wanted: 60, MaxBytes: 100}
			d.watch(30*time.Minute, f)
			f.Spool = SpoolFacts{Wanted: 40, MaxBytes: 100}
			d.watch(30*time.Minute, f)
		}, []string{"8m20s" + to + "the spool is filling up", "13m20s" + to + "the spool is still filling up", "16m40s" + to + "the spool is still filling up",
			"51m50s" + to + "the spool has room again"}},
		{"nothing is said while it seems to be over", 0, func(d *desk, f *Facts) {
			f.Spool = SpoolFacts{Wanted: 60, MaxBytes: 100}
			d.watch(58*time.Minute, f)
			f.Spool = SpoolFacts{Wanted: 40, MaxBytes: 100}
			d.watch(6*time.Minute, f)
		}, []string{"0s" + to + "the spool is filling up", "1h3m0s" + to + "the spool has room again"}},
		{"a spool that is full each half minute anew", 0, func(d *desk, f *Facts) {
			for range 110 {
				f.Spool = SpoolFacts{Wanted: 99, MaxBytes: 100, Stuck: "max_bytes is reached"}
				d.watch(16*time.Second, f)
				f.Spool = SpoolFacts{Wanted: 40, MaxBytes: 100}
				d.watch(16*time.Second, f)
			}
		}, []string{"0s" + to + "the spool is filling up"}},
		{"a spool that can't be written", 0, func(d *desk, f *Facts) {
			f.Spool = SpoolFacts{Wanted: 1, MaxBytes: 100, Stuck: "input/output error"}
			d.watch(time.Minute, f)
		}, []string{"0s" + to + "the spool is filling up"}},
		{"lines in quarantine", 0, func(d *desk, f *Facts) {
			s := source(f)
			s.Quarantined = 7 // of before there were alerts
			d.watch(time.Minute, f)
			for range 16 {
				s.Quarantined, s.Rejected, s.Reason = s.Quarantined+1, s.Rejected+1, "no such thing as BG"
				d.watch(7*time.Minute, f)
			}
		}, []string{"1m0s" + to + "source s: 1 line in quarantine", "1h1m0s" + to + "source s: 8 lines in quarantine"}},
		{"lines in quarantine that nobody counted before a crash", 0, func(d *desk, f *Facts) {
			s := source(f)
			s.Quarantined = 7
			d.watch(time.Minute, f)
			d.kill()
			s.Quarantined = 9
			d.start()
			d.watch(time.Minute, f)
		}, []string{"1m0s" + to + "source s: 2 lines in quarantine"}},
		{"a replay of quarantined lines", 0, func(d *desk, f *Facts) {
			s := source(f)
			s.Quarantined, s.Rejected = 7, 7
			d.watch(2*hour, f)
			s.Quarantined = 0
			d.watch(2*hour, f)
			s.Quarantined, s.Rejected = 1, 8
			d.watch(time.Minute, f)
		}, []string{"0s" + to + "source s: 7 lines in quarantine", "4h0m0s" + to + "source s: 1 line in quarantine"}},
		{"input lost unread", 0, func(d *desk, f *Facts) {
			s := source(f)
			d.watch(time.Minute, f)
			s.Losses, s.LostBytes = 1, 3000
			d.watch(time.Minute, f)
		}, []string{"1m0s" + to + "source s: input lost unread, 1 time"}},
		{"damage, found at the start", 0, func(d *desk, f *Facts) {
			f.Spool = SpoolFacts{Damaged: 2, Bytes: 512}
			d.watch(time.Minute, f)
		}, []string{"0s" + to + "damage in the spool: 2 stretches"}},
		{"events that can't be read", 0, func(d *desk, f *Facts) {
			recipient(f).Damaged = 1
			d.watch(time.Minute, f)
			recipient(f).Damaged = 3
			d.watch(time.Minute, f)
		}, []string{"1m0s" + to + "r: 2 events can't be read"}},
		{"a sum that doesn't fit", 0, func(d *desk, f *Facts) {
			f.Balance = []string{"source s: 2 lines were read, and 1 is accounted for"}
			d.watch(time.Minute, f)
			f.Balance = nil
			d.watch(6*time.Minute, f)
		}, []string{"0s" + to + "a sum doesn't fit", "6m0s" + to + "all sums fit again"}},
		{"keep_dead", 0, func(d *desk, f *Facts) {
			d.watch(time.Minute, f)
			f.Spool.Expired = 1
			d.watch(time.Minute, f)
			f.Spool.Expired = 3
			d.watch(2*hour, f)
		}, []string{"1m0s" + to + "dead letters or quarantined lines are gone for good", "1h1m0s" + to + "dead letters or quarantined lines are gone for good"}},
		{"a paused recipient that fails: told when it goes on", 0, func(d *desk, f *Facts) {
			d.fails(1)
			d.watch(15*time.Minute, f)
			recipient(f).Idle = true
			d.watch(3*hour, f)
			d.stop()
			d.start()
			d.a.Observe(*f)
			d.a.Failing("r", 1)
			d.watch(hour, f)
			recipient(f).Idle = false
			d.watch(15*time.Minute, f)
		}, []string{"10m0s mail to ops@example.com: r is failing", "4h15m0s mail to ops@example.com: r is still failing"}},
		{"a dead letter that nobody was told of before a crash", 0, func(d *desk, f *Facts) {
			recipient(f).Dead = 4
			d.watch(time.Minute, f)
			d.kill()
			recipient(f).Dead = 6
			d.start()
			d.watch(time.Minute, f)
		}, []string{"1m0s mail to ops@example.com: r: 2 dead letters"}},
		{"a dead letter right after a start counts once", 0, func(d *desk, f *Facts) {
			recipient(f).Dead = 1
			d.watch(time.Minute, f)
			d.stop()
			d.start()
			d.dies("s1", 0)
			recipient(f).Dead = 2
			d.watch(time.Minute, f)
		}, []string{"1m0s mail to ops@example.com: r: 1 dead letter"}},
		{"a dead letter that the numbers show first counts once", 0, func(d *desk, f *Facts) {
			recipient(f)
			d.watch(time.Minute, f)
			recipient(f).Dead = 1
			d.watch(2*time.Second, f)
			d.dies("s1", 0)
			d.watch(time.Minute, f)
		}, []string{"1m2s mail to ops@example.com: r: 1 dead letter"}},
		{"a dead letter that was told of, and a crash", 0, func(d *desk, f *Facts) {
			recipient(f)
			d.watch(time.Minute, f)
			d.dies("s1", 0)
			recipient(f).Dead = 1
			d.watch(time.Minute, f)
			d.kill()
			d.start()
			d.watch(2*hour, f)
		}, []string{"1m0s mail to ops@example.com: r: 1 dead letter"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.set.Sources["s"] = tc.silent
				d.start()
				tc.run(d, &Facts{Spool: SpoolFacts{MaxBytes: 100}})
				d.stop()
				d.want(tc.want...)
			})
		})
	}
}
