package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tailpost/tailpost/bridge/status"
)

// crowded is a snapshot with many recipients whose names and errors somebody
// made up who means harm.
func crowded(n int) *status.Snapshot {
	evil := "\x1b[31m\u202e" + strings.Repeat("<script>alert(1)</script>\n\t", 4) + "\u0085"
	long := strings.Repeat("no blank anywhere in it:", 21)
	at := time.Unix(1_000_000, 0)
	s := &status.Snapshot{Taken: at, Started: at.Add(-50 * time.Hour), Version: "v1", Host: evil, NotReady: []string{evil + long}, Balance: status.Balance{Problems: []string{evil}}}
	for i := range n {
		s.Recipients = append(s.Recipients, status.Recipient{
			Name: fmt.Sprint(i, evil), Kind: "http", Target: long, Events: []string{long, evil}, State: status.Misconfigured, Text: long + evil, Waiting: 1 << 40,
			Oldest: at.Add(-1000 * time.Hour), LastSuccess: at.Add(-time.Hour), NextTry: at.Add(time.Hour), Alert: "not sent", AlertText: evil, LastError: long, Letters: 100000,
		})
		s.Needs = append(s.Needs, status.Need{Kind: "recipient", Name: fmt.Sprint(i, evil), Text: long, To: evil + long, Grave: i%2 == 0})
	}
	s.Sources = []status.Source{{Name: evil, Kind: "syslog", Target: long, State: status.Unreadable, Text: evil, LagBytes: 1 << 50, LagSeconds: 1e6, LastLine: at, Read: 1 << 40, Events: 1 << 40, Quarantined: 1 << 40,
		Files: []status.File{{Path: evil + long}, {Path: "b"}, {Path: "c"}, {Path: "d"}}, Others: 3}}
	s.Spool = status.Spool{Holder: evil, Full: long, Failing: evil}
	s.Relay = &status.Relay{Server: "mx:25", Text: evil}
	s.Configuration.Path = evil
	return s
}

// TestStatusIsReadable: at 100 columns, whatever stands in it, and without
// anything that a terminal would act on.
func TestStatusIsReadable(t *testing.T) {
	for _, one := range []bool{false, true} {
		t.Run(fmt.Sprint("one ", one), func(t *testing.T) {
			var b strings.Builder
			if err := showStatus(&b, crowded(100), one, false); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(b.String(), "\n")
			for _, l := range lines {
				most := statusWidth
				if strings.Contains(l, "  http  ") || strings.Contains(l, "  syslog  ") || strings.HasPrefix(l, "RECIPIENT ") || strings.HasPrefix(l, "SOURCE ") {
					most += nameWidth - cellWidth // a row with a long name
				}
				if n := cellsOf(l); n > most {
					t.Errorf("%d columns: %s", n, l)
				}
				if i := strings.IndexFunc(l, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
					t.Errorf("%q at %d of %q", l[i:i+1], i, l)
				}
			}
			if !one && (len(lines) > 2000 || strings.Count(b.String(), "\n! ") != 50 || !strings.Contains(b.String(), "    and 4 more\n")) {
				t.Errorf("%d lines:\n%s", len(lines), b.String())
			}
			b.Reset()
			if err := showStatus(&b, crowded(2), one, true); err != nil {
				t.Fatal(err)
			}
			if strings.Count(b.String(), "\n") != 1 || strings.IndexFunc(strings.TrimSpace(b.String()), func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
				t.Errorf("JSON: %q", b.String())
			}
		})
	}
}

// TestWhatNeedsNobodyYet: what is down within its grace isn't well.
func TestWhatNeedsNobodyYet(t *testing.T) {
	for _, c := range []struct {
		name  string
		state status.State
		from  status.State
		one   bool
		want  string
	}{
		{"well", status.OK, status.OK, false, "\nall is well\n"},
		{"down", status.Down, status.OK, false, "\nnothing needs a person yet: 1 recipient is down\n"},
		{"a source waits", status.OK, status.Waiting, false, "\nnothing needs a person yet: 1 source is waiting\n"},
		{"of one that is well", status.OK, status.Waiting, true, "\nall is well\n"},
		{"of one that fails", status.Failing, status.OK, true, "\nnothing needs a person yet: 1 recipient is failing\n"},
	} {
		s := &status.Snapshot{Ready: true, Recipients: []status.Recipient{{Name: "a", State: c.state}}, Sources: []status.Source{{Name: "s", State: c.from}}}
		var b strings.Builder
		if err := showStatus(&b, s, c.one, false); err != nil || !strings.HasSuffix(b.String(), c.want) {
			t.Errorf("%s: %v, no %q at the end of\n%s", c.name, err, c.want, b.String())
		}
	}
}

func TestAges(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "<1s", 999 * time.Millisecond: "<1s", time.Second: "1s", 59 * time.Second: "59s", 61 * time.Second: "1m1s",
		59*time.Minute + 59*time.Second: "59m59s", time.Hour: "1h0m", 25*time.Hour + 59*time.Minute: "1d1h", 1000 * 24 * time.Hour: "1000d0h",
	} {
		if got := age(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 9_999_999: "9999999", 10_000_000: "10.0M", 1 << 40: "1.1T"} {
		if got := manyText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 10 << 30: "10.0 GiB", 1 << 62: "4096.0 PiB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestWrapped(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
	}{
		{"", ""},
		{"short", "short"},
		{"exactly10!", "exactly10!"},
		{"two words that are wrapped", "two words|that are|wrapped"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaa|aaaaaaaaaa|aaaaa"},
		{"a bbbbbbbbbbbbbbb", "a bbbbbbbb|bbbbbbb"},
		{"ééééé éééééééé", "ééééé|éééééééé"},
		{"生产环境一二三四五", "生产环境一|二三四五"},
		{"生产 环境一二三四", "生产|环境一二三|四"},
	} {
		if got := strings.Join(wrapped(c.text, 10), "|"); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}

// TestMiddle: where half of what was counted lies.
func TestMiddle(t *testing.T) {
	counts := func(at ...int) (h status.Histogram) {
		h.Counts = make([]uint64, len(status.Bounds)+1)
		for _, i := range at {
			h.Counts[i]++
		}
		return h
	}
	for _, c := range []struct {
		name string
		h    status.Histogram
		want string
	}{
		{"nothing", counts(), ""},
		{"none", status.Histogram{}, ""},
		{"one", counts(2), "within 5ms"},
		{"more", counts(0, 2, 2, 9), "within 5ms"},
		{"too long", counts(len(status.Bounds)), "within more than 24h0m0s"},
	} {
		if got := middle("within ", c.h); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
