package alert

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

var update = flag.Bool("update", false, "write the golden files")

// TestMessages holds what people read against golden files: the mails of a
// recipient's failure and of all that [alerts] is told.
func TestMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.withURL()
		d.set.Sources["s"] = hour
		d.start()
		f := &Facts{
			Recipients: []RecipientFacts{{Name: "r", Waiting: 120}}, Sources: []SourceFacts{{Name: "s", Read: 1}},
			Spool: SpoolFacts{MaxBytes: 100},
		}
		d.watch(time.Minute, f)
		d.a.Attempted(bridge.Attempt{Recipient: "r", Event: bridge.EventEnd, Nth: 2, At: time.Now(), Took: time.Second, Status: "misconfigured",
			Err: "401 Unauthorized: \x1b[31mno\r\nX-Evil: 1", Peer: "192.0.2.7:443", Wait: 5 * time.Minute})
		d.a.Failing("r", 3)
		d.watch(15*time.Minute, f)
		d.dies("s\n1", 0)
		d.watch(time.Hour, f)
		f.Sources[0] = SourceFacts{Name: "s", Read: 9, Quarantined: 2, Rejected: 2, Reason: "no such\nthing", Losses: 1, LostBytes: 100, Unreadable: "no permission to read\n/x: do something"}
		f.Spool = SpoolFacts{MaxBytes: 100, Wanted: 81, Holder: "r", Damaged: 2, Bytes: 512, Expired: 1}
		f.Recipients[0].Damaged, f.Recipients[0].GivenUp = 1, 40
		f.Balance = []string{"source s: 9 lines were read, and 8 are accounted for", "another"}
		d.watch(time.Minute, f)
		f.Spool.Wanted, f.Balance, f.Sources[0].Unreadable = 0, nil, ""
		d.watch(7*time.Minute, f)
		d.stop()

		seen := map[string]int{}
		var mails, posts strings.Builder
		for i, m := range d.mails {
			mails.WriteString("To: " + strings.Join(m.To, ", ") + "\nSubject: " + m.Subject + "\n\n" + m.Text + "\n========\n")
			if strings.ContainsAny(m.Subject, "\r\n") || strings.ContainsAny(m.Text, "\x1b\r") {
				t.Errorf("mail %d: %q", i, m)
			}
		}
		for _, p := range d.posts {
			seen[string(p.Alert)+" "+p.State]++
			posts.WriteString(p.Subject + "\n")
		}
		golden(t, "mails.txt", mails.String())
		for _, want := range []string{"failing lasting", "failing over", "dead_letters counted", "lost_events counted", "silent lasting", "silent over", "unreadable lasting", "unreadable over",
			"quarantine counted", "lost_input counted", "spool lasting", "spool over", "damage counted", "balance lasting", "balance over", "expired counted", "skipped counted"} {
			if seen[want] != 1 {
				t.Errorf("posted %d times: %s", seen[want], want)
			}
		}
	})
}

// TestOverForgetsWhatWasBefore: dead letters of an earlier failure are not told
// again when a later one is over.
func TestOverForgetsWhatWasBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.start()
		for _, dead := range []bool{true, false} {
			d.fails(1)
			d.pass(20 * time.Minute)
			if dead {
				d.dies("s1", 0)
			} else {
				d.works(0)
			}
			d.pass(time.Minute)
			if over := d.mails[len(d.mails)-1]; strings.Contains(over.Text, "1 dead letter") != dead {
				t.Errorf("an event died: %v, and the mail says\n%s", dead, over.Text)
			}
		}
		d.stop()
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s", path, got)
	}
}
