package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/status"
)

// TestNeeds: what needs a person, and what doesn't. A want is "!" for grave,
// the kind, the name, and what stands in the text and in what is to be done; behind a "=", all that is
// to be done.
func TestNeeds(t *testing.T) {
	recipient := func(state status.State, text string) func(*status.Snapshot, *beside) {
		return func(s *status.Snapshot, _ *beside) { s.Recipients[0].State, s.Recipients[0].Text = state, text }
	}
	long := func(do func(*status.Snapshot, *beside)) func(*status.Snapshot, *beside) {
		return func(s *status.Snapshot, b *beside) { do(s, b); b.long = map[string]bool{"it's r": true} }
	}
	recent := func(of recentKind, name string, n uint64) func(*status.Snapshot, *beside) {
		return func(_ *status.Snapshot, b *beside) { b.recent = map[recentKey]uint64{{of, name}: n} }
	}
	spool := func(change func(*status.Spool)) func(*status.Snapshot, *beside) {
		return func(s *status.Snapshot, _ *beside) { change(&s.Spool) }
	}
	all := func(change func(*status.Snapshot)) func(*status.Snapshot, *beside) {
		return func(s *status.Snapshot, _ *beside) { change(s) }
	}
	for _, c := range []struct {
		name   string
		change func(*status.Snapshot, *beside)
		want   []string
	}{
		{"all is well", nil, nil},
		{"nothing was sent yet", recipient(status.Untried, ""), nil},
		{"paused by a person", recipient(status.Paused, ""), nil},
		{"paused while it failed for long", long(recipient(status.Paused, "")), nil},
		{"disabled", recipient(status.Disabled, ""), nil},
		{"removed", recipient(status.Removed, removedText), nil},
		{"failing, and may pass", recipient(status.Failing, "500"), nil},
		{"failing for long", long(recipient(status.Failing, "1 event is failing: 500")), []string{"recipient it's r: 1 event is failing: 500 | see what it refuses"}},
		{"down, and may pass", recipient(status.Down, "down"), nil},
		{"down for long", long(recipient(status.Down, "down: refused")), []string{`!recipient it's r: down: refused | tailpost test 'it'\''s r'`}},
		{"misconfigured", recipient(status.Misconfigured, "misconfigured: 401"), []string{`!recipient it's r: 401 | mend its credentials`}},
		{"gone", recipient(status.Gone, "gone: 410"), []string{"!recipient it's r: 410 | another address"}},
		{"stuck", recipient(status.Stuck, "stuck: EIO"), []string{"!recipient it's r: EIO | disk"}},
		{"full", recipient(status.Full, "full: 100000 events are parked"), []string{"!recipient it's r: parked | spool.max_parked"}},
		{"a dead letter", func(s *status.Snapshot, b *beside) { s.Recipients[0].Letters = 1 },
			[]string{`recipient it's r: 1 dead letter waits for a decision | tailpost dead ls --recipient 'it'\''s r'`}},
		{"dead letters of a recipient that is gone", all(func(s *status.Snapshot) { s.Forgotten = forgotten(s, map[string]int{"old": 2, "it's r": 1}) }),
			[]string{"recipient old: 2 dead letters wait for a decision, of a recipient that is gone | =tailpost dead drop --recipient old; or configure a recipient of that name again, then tailpost dead replay --recipient old"}},
		{"paused, with a dead letter", func(s *status.Snapshot, b *beside) {
			s.Recipients[0].State, s.Recipients[0].Letters = status.Paused, 3
		}, []string{"recipient it's r: 3 dead letters | dead replay"}},
		{"events that can't be read back", recent(recentDamaged, "it's r", 2), []string{"!recipient it's r: 2 events could not be read back | tailpost spool verify"}},

		{"events that were given up", recent(recentSkipped, "it's r", 3), []string{`!recipient it's r: 3 events were given up because the spool was full (on_full = "skip"), the last within a day | raise spool.max_bytes`}},

		{"a source that waits for its file", all(func(s *status.Snapshot) { s.Sources[0].State = status.Waiting }), nil},
		{"a source that ended", all(func(s *status.Snapshot) { s.Sources[0].State = status.Ended }), nil},
		{"a source that can't read", all(func(s *status.Snapshot) {
			s.Sources[0].State, s.Sources[0].Text = status.Unreadable, "permission denied; add it to the group adm"
		}), []string{"!source s: permission denied | do what the text says"}},
		{"a source that could not read a moment ago", all(func(s *status.Snapshot) {
			s.Sources[0].State, s.Sources[0].Since = status.Unreadable, s.Taken.Add(-9*time.Second)
		}), nil},
		{"a directory with files that can't be read", all(func(s *status.Snapshot) {
			s.Sources[0].State, s.Sources[0].Text = status.Partly, "2 files can't be read"
		}), []string{"source s: 2 files | do what the text says"}},
		{"a silent source", all(func(s *status.Snapshot) { s.Sources[0].Silent, s.Sources[0].LastLine = true, time.Unix(0, 0) }),
			[]string{"source s: no line for silent_after, the last at 1970-01-01T00:00:00Z | /var/log/x"}},
		{"quarantined lines", func(s *status.Snapshot, b *beside) {
			recent(recentQuarantined, "s", 2)(s, b) // since a restart
			s.Sources[0].Rejected, s.Sources[0].Quarantined = "no BG", 8
		}, []string{"source s: 8 lines went to quarantine, the last within a day: no BG | tailpost quarantine ls --source s;"}},
		{"a discontinuity", recent(recentLost, "s", 1), []string{"!source s: 1 discontinuity happened, the last within a day | rotate by renaming"}},

		{"the spool fails", spool(func(s *status.Spool) { s.Failing = "sync: EIO" }), []string{"!spool : sync: EIO | /var/lib/tailpost"}},
		{"the state directory is gone", spool(func(s *status.Spool) {
			s.Failing = "the state directory /x was moved or removed under the bridge: put it back"
		}),
			[]string{"!spool : nothing can be written: the state directory /x was moved or removed | put /var/lib/tailpost back where it was"}},
		{"the journal fails", spool(func(s *status.Spool) { s.JournalFailing = "write: EIO" }), []string{"!spool : nothing is delivered | /var/lib/tailpost"}},
		{"the spool is full", spool(func(s *status.Spool) { s.Full, s.Holder, s.Wanted = "max_bytes", "it's r", 100 }),
			[]string{"!spool : no room: max_bytes | the recipient it's r holds the oldest part: mend it"}},
		{"the spool is full, and nobody holds it", spool(func(s *status.Spool) { s.Full = "max_bytes" }), []string{"!spool : no room: max_bytes | =raise spool.max_bytes"}},
		{"the disk is full", spool(func(s *status.Spool) { s.Full, s.NoSpace, s.Holder = "less than min_free is free", true, "it's r" }),
			[]string{"!spool : no room on the disk: less than min_free | =make room on the disk that /var/lib/tailpost is on; it goes on by itself"}},
		{"no space for outcomes", spool(func(s *status.Spool) { s.JournalFailing = "write: no space left on device" }),
			[]string{"!spool : nothing is delivered | =make room on the disk that /var/lib/tailpost is on; it goes on by itself"}},
		{"it fills", spool(func(s *status.Spool) { s.Wanted = 810 }), []string{"spool : 81 % | raise spool.max_bytes"}},
		{"it fills a little", spool(func(s *status.Spool) { s.Wanted = 790 }), nil},
		{"a small spool that says no limit", spool(func(s *status.Spool) { s.MaxBytes = 0 }), nil},
		{"damage", recent(recentDamage, "", 1), []string{"!spool : 1 stretch of the spool could not be read | tailpost spool verify"}},
		{"expired letters", recent(recentExpired, "", 2), []string{"!spool : 2 files of dead letters or quarantined lines went since the start | spool.keep_dead"}},

		{"a sum that doesn't fit", all(func(s *status.Snapshot) { s.Balance.Problems = []string{"source s: 2 lines", "more"} }),
			[]string{"!balance : a sum doesn't fit: source s: 2 lines | tailpost audit"}},
		{"a refused configuration", all(func(s *status.Snapshot) {
			s.Configuration.Refused, s.Configuration.Reasons = time.Unix(1, 0), []string{"tailpost.toml:3:1: spol: is unknown"}
		}), []string{"configuration : spol: is unknown | tailpost check --config /etc/tailpost/tailpost.toml"}},
		{"a restart is pending", all(func(s *status.Snapshot) { s.Configuration.Restart = []string{"admin.listen", "spool.fsync"} }),
			[]string{"configuration : admin.listen, spool.fsync | restart the bridge"}},
		{"warnings alone", all(func(s *status.Snapshot) { s.Configuration.Warnings = []string{"a secret in the file"} }), nil},
		{"the relay refused just now", all(func(s *status.Snapshot) { s.Relay = &status.Relay{Text: "451 later"} }), nil},
		{"the relay refuses for long", func(s *status.Snapshot, b *beside) {
			s.Relay, b.relay = &status.Relay{Server: "mx:587", Text: "535 no"}, true
		}, []string{"relay : the mail server mx:587 said last: 535 no | tailpost check --connect"}},
		{"an alert that lasts, and was told", all(func(s *status.Snapshot) {
			s.Alerts = []status.Alert{{Alert: "failing", Recipient: "it's r", Lasts: true, Mails: 1}}
		}), nil},
		{"an alert that was not sent", all(func(s *status.Snapshot) {
			s.Alerts = []status.Alert{{Alert: "dead_letters", Recipient: "it's r", NotSent: []string{"mail: not sent, because 535"}}}
		}), []string{"alert it's r: the alert dead_letters of it's r could not be sent: mail: not sent, because 535 | alert_url"}},
		{"history fails", all(func(s *status.Snapshot) { s.History.Failing = "ENOSPC" }), []string{"history : attempts are not written down | /var/lib/tailpost"}},
		{"the admin port was taken a moment ago", all(func(s *status.Snapshot) {
			s.Listener = &status.Listener{Failing: "taken", Since: s.Taken.Add(-9 * time.Second)}
		}), nil},
		{"the admin port is taken", all(func(s *status.Snapshot) {
			s.Listener = &status.Listener{Failing: `[admin] listen = "127.0.0.1:9180": taken`, Since: s.Taken.Add(-10 * time.Second)}
		}), []string{`!listener : nobody can ask for health, metrics and the page: [admin] listen = "127.0.0.1:9180": taken | ss -ltnp`}},
		{"it listens", all(func(s *status.Snapshot) { s.Listener = &status.Listener{Address: "127.0.0.1:9180"} }), nil},

		{"what is grave comes first", all(func(s *status.Snapshot) {
			s.Recipients[0].Letters, s.Spool.Failing, s.History.Failing = 1, "EIO", "EIO"
		}), []string{"!spool : EIO | disk", "recipient it's r: 1 dead letter | dead ls", "history : attempts | disk"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &status.Snapshot{
				Taken:         time.Unix(1_000_000, 0),
				Recipients:    []status.Recipient{{Name: "it's r", State: status.OK}},
				Sources:       []status.Source{{Name: "s", Kind: "tail", Target: "/var/log/x", State: status.OK}},
				Spool:         status.Spool{Dir: "/var/lib/tailpost", MaxBytes: 1000, Wanted: 1},
				Balance:       status.Balance{Fits: true},
				Configuration: status.Configuration{Path: "/etc/tailpost/tailpost.toml"},
				Relay:         &status.Relay{Text: "OK", OK: true},
			}
			var b beside
			if c.change != nil {
				c.change(s, &b)
			}
			got := needs(s, b)
			if len(got) != len(c.want) {
				t.Fatalf("got %+v\nwant %q", got, c.want)
			}
			for i, n := range got {
				if n.Text == "" || n.To == "" || strings.ContainsAny(n.Text+n.To, "\n\t") {
					t.Errorf("%+v", n)
				}
				grave := ""
				if n.Grave {
					grave = "!"
				}
				head, rest, _ := strings.Cut(c.want[i], ": ")
				text, to, _ := strings.Cut(rest, " | ")
				whole, isWhole := strings.CutPrefix(to, "=")
				if is := fmt.Sprintf("%s%s %s", grave, n.Kind, n.Name); is != head || !strings.Contains(n.Text, text) || !strings.Contains(n.To, whole) || isWhole && n.To != whole {
					t.Errorf("got %s: %s | %s\nwant %s", is, n.Text, n.To, c.want[i])
				}
			}
		})
	}
}

// TestLately: what has grown counts for a day, what was there at the start
// doesn't, and a replay takes lines back.
func TestLately(t *testing.T) {
	var l lately
	now := time.Unix(0, 0)
	lines := func(after time.Duration, quarantined int64, damage int) uint64 {
		now = now.Add(after)
		got := l.observe(alert.Facts{Sources: []alert.SourceFacts{{Name: "s", Quarantined: quarantined}}, Spool: alert.SpoolFacts{Damaged: damage}}, now)
		return got[recentKey{recentQuarantined, "s"}]*100 + got[recentKey{of: recentDamage}]
	}
	for i, c := range []struct {
		after       time.Duration
		quarantined int64
		damage      int
		want        uint64 // lines * 100 + stretches
	}{
		{0, 7, 1, 1}, // at the start: what was found by it is new
		{time.Second, 7, 1, 1},
		{time.Hour, 9, 1, 201},
		{22 * time.Hour, 10, 1, 301},
		{2 * time.Hour, 10, 1, 300}, // the damage is a day old
		{time.Hour, 9, 1, 200},      // one is replayed
		{21 * time.Hour, 9, 1, 0},   // the last came a day ago
		{time.Hour, 8, 2, 1},        // another is replayed
		{time.Second, 9, 2, 101},    // and one more comes
		{time.Second, 1, 2, 1},      // all
		{25 * time.Hour, 1, 2, 0},   //
		{time.Second, 1 << 40, 2, ((1 << 40) - 1) * 100},
	} {
		if got := lines(c.after, c.quarantined, c.damage); got != c.want {
			t.Errorf("step %d: got %d, want %d", i, got, c.want)
		}
	}
}

// TestLettersBetweenCounts: what the recipients' counts say counts at once.
func TestLettersBetweenCounts(t *testing.T) {
	w := letterWatch{counted: map[string]int{"a": 2, "gone": 1, "expired": 0}, dead: map[string]uint64{"a": 5, "b": 0}}
	got := w.now(map[string]uint64{"a": 6, "b": 1, "new": 9})
	if want := "map[a:3 b:1 gone:1]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	got = w.now(map[string]uint64{"a": 3})
	if want := "map[gone:1]"; fmt.Sprint(got) != want {
		t.Errorf("after a replay: got %v, want %s", got, want)
	}
}
