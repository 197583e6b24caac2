package main

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// listed finds the events in a digest's text.
var listed = regexp.MustCompile(`(?m)^\d+ of \d+: \[INC(\d+)\]`)

// TestDigestOverRestarts: what comes within the window is one mail. Where one
// of three addresses refuses it, it stays that mail for this one alone, over
// kills and stops; and where digests are turned off meanwhile, the address gets
// the rest as single mails, and the others nothing again.
func TestDigestOverRestarts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, then string // the digest's settings behind the restarts
		wantMails  int
	}{
		{"as it was", `digest_window = "1s"`, 2},
		{"turned off", "", 1 + 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := &mailbox{t: t, addr: "127.0.0.1:0"}
			m.serve("b@example.com")
			_, port, err := net.SplitHostPort(m.addr)
			if err != nil {
				t.Fatal(err)
			}
			recipient := func(digest string) string {
				return fmt.Sprintf(`[smtp]
host = "127.0.0.1"
port = %s
security = "none"
from = "tailpost@example.com"
[[recipients.email]]
name = "desk"
address = "a@example.com, b@example.com, c@example.com"
subject = "[%%%%external_key%%%%]"
retry_interval = "50ms"
%s
`, port, digest)
			}
			s := newSite(t, recipient(`digest_window = "1s"`))
			s.appendLines(5, func(n int) string { return fmt.Sprint("s", n%3) })
			refusedAndRestarted(t, s, m)
			s.rewrite(recipient(c.then))
			m.serve("")
			p := s.run()
			wait(t, "the mails to the one address", func() bool { mails, _ := m.state(); return len(mails) == c.wantMails })
			p.stop()
			checkDigest(t, m, c.wantMails)
		})
	}
}

// checkDigest wants a digest of five events to a and c, and all that is in it
// for b, once.
func checkDigest(t *testing.T, m *mailbox, mails int) {
	t.Helper()
	if len(m.got) != mails {
		t.Fatalf("%d mails, want %d", len(m.got), mails)
	}
	first := m.got[0]
	if want := []string{"a@example.com", "c@example.com"}; !slices.Equal(first.To, want) || first.Subject != "5 session events on support.example.com" {
		t.Errorf("the first mail is %q to %q", first.Subject, first.To)
	}
	var keys []string
	for _, found := range listed.FindAllStringSubmatch(first.Text, -1) {
		keys = append(keys, found[1])
	}
	// Session s1 has 1 and 4, s2 has 2 and 5.
	if got := strings.Join(keys, " "); got != "1 4 2 5 3" {
		t.Errorf("the digest lists %s", got)
	}
	again := map[string]int{}
	for _, got := range m.got[1:] {
		if !slices.Equal(got.To, []string{"b@example.com"}) {
			t.Errorf("%q goes to %q", got.Subject, got.To)
		}
		again[got.ID]++
	}
	if mails == 2 && again[first.ID] != 1 || len(again) != mails-1 {
		t.Errorf("the rest are mails of %v, the digest was %s", again, first.ID)
	}
}
