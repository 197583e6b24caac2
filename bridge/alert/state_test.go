package alert

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestClockJump: the wall clock is another one after a restart. Nobody is told
// too soon, and nobody too late.
func TestClockJump(t *testing.T) {
	for _, tc := range []struct {
		name string
		jump time.Duration
		want string
	}{
		{"a year ahead", 365 * 24 * hour, "19m0s mail to ops@example.com: r is failing"}, // a minute at most
		{"a year back", -365 * 24 * hour, "20m0s mail to ops@example.com: r is failing"},
		{"an hour back", -hour, "20m0s mail to ops@example.com: r is failing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				p := d.set.Recipients["r"]
				p.SendAfter *= 2
				d.set.Recipients["r"] = p
				d.start()
				d.fails(1)
				d.pass(5 * time.Minute)
				d.dies("s1", 1)
				d.pass(5 * time.Minute)
				d.stop()
				d.want("5m0s mail to ops@example.com: r: 1 dead letter")

				path := filepath.Join(d.dir, stateName)
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				s, err := decodeState(b)
				if err != nil {
					t.Fatal(err)
				}
				s.Saved = time.Now().Add(-tc.jump) // killed, and the clock has gone on by that
				if b, err = encodeState(s); err != nil {
					t.Fatal(err)
				}
				d.write(path, b)

				d.start()
				d.a.Failing("r", 1)
				d.dies("s2", 1)
				d.pass(30 * time.Minute)
				d.want(tc.want)
				d.pass(3 * hour)
				d.stop()
				if len(d.got) != 4 { // the dead letter, and each hour
					t.Errorf("in three hours: %q", d.got)
				}
			})
		})
	}
}

// TestDamagedState: each byte that is lost or changed, and a version that is
// not known, make the state count as empty; it is set aside and said.
func TestDamagedState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.start()
		d.fails(1)
		d.pass(20 * time.Minute)
		d.stop()
		d.want("10m0s mail to ops@example.com: r is failing")
		good, err := os.ReadFile(filepath.Join(d.dir, stateName))
		if err != nil {
			t.Fatal(err)
		}
		bad := map[string][]byte{"empty": {}, "another version": bytes.Replace(good, []byte("alerts/1"), []byte("alerts/2"), 1)}
		for at := 0; at < len(good); at += 7 {
			flipped := bytes.Clone(good)
			flipped[at] ^= 0x10
			bad["flipped "+string(rune('0'+at%10))] = flipped
			bad["cut "+string(rune('0'+at%10))] = good[:at]
		}
		for name, b := range bad {
			d.write(filepath.Join(d.dir, stateName), b)
			d.log.Reset()
			d.start()
			d.a.Failing("r", 1)
			d.pass(9 * time.Minute)
			d.want()
			d.pass(2 * time.Minute)
			if len(d.got) != 1 || !strings.Contains(d.log.String(), "counts as empty") {
				t.Errorf("%s: told %q, logged %s", name, d.got, d.log.String())
			}
			d.got = nil
			if aside, err := os.ReadFile(filepath.Join(d.dir, damagedName)); err != nil || !bytes.Equal(aside, b) {
				t.Errorf("%s: set aside: %v", name, err)
			}
			d.stop()
		}
	})
}

// TestStateThatCanNotBeSaved: people are told all the same, and the log once.
func TestStateThatCanNotBeSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.dir = filepath.Join(d.dir, "gone")
		d.start()
		d.fails(1)
		d.pass(20 * time.Minute)
		d.want("10m0s mail to ops@example.com: r is failing")
		d.stop()
		if n := strings.Count(d.log.String(), "can't be saved"); n != 1 {
			t.Errorf("said %d times:\n%s", n, d.log.String())
		}
	})
}

// TestStateIsPrivateAndWhole: nobody else reads it, and no half of it stays.
func TestStateIsPrivateAndWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.start()
		d.fails(1)
		d.pass(time.Minute)
		d.stop()
		info, err := os.Stat(filepath.Join(d.dir, stateName))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if left, _ := filepath.Glob(filepath.Join(d.dir, "*.part")); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	})
}
