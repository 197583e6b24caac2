package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

func contains(b *logBuffer, text string) bool { return strings.Contains(b.String(), text) }

// TestDeadLetters: an event that is refused until its clock runs out becomes a
// dead letter, listed while the bridge runs and when it doesn't; it is never
// sent again, and others of its session go on.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(a arrival) int {
		if a.timestamp == 2 {
			return 500
		}
		return 200
	})
	s := newSite(t, fmt.Sprintf(`[[recipients.http]]
name           = "desk"
url            = "%s/hook?token=secret"
retry_interval = "100ms"
retry_duration = "500ms"
`, c.URL))
	s.appendLines(3, func(int) string { return "one" })
	p := s.run()
	wait(t, "the event behind the dead one", func() bool { return c.distinct() == 2 })

	list := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("tailpost", append([]string{"dead", "ls", "--config", s.config}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	running := list()
	for _, want := range []string{"desk", "support_conference_member_added", "one", "500 Internal Server Error"} {
		if !strings.Contains(running, want) {
			t.Errorf("dead ls doesn't say %q:\n%s", want, running)
		}
	}
	if strings.Contains(running, "secret") {
		t.Errorf("dead ls shows the query:\n%s", running)
	}
	p.stop()
	if stopped := list(); stopped != running {
		t.Errorf("stopped, dead ls says otherwise:\n%s", stopped)
	}
	for args, want := range map[string]int{
		"--recipient desk": 1, "--recipient other": 0, "--event support_conference_end": 0, "--since 1h": 1,
	} {
		if n := strings.Count(list(strings.Fields(args)...), "desk"); n != want {
			t.Errorf("dead ls %s: %d letters, want %d", args, n, want)
		}
	}
	var letter struct {
		ID, Recipient, Event, Lsid string
		Attempts                   int
	}
	if err := json.Unmarshal([]byte(list("--json")), &letter); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, a := range c.all() {
		if a.timestamp == 2 {
			failed++
			if a.id != letter.ID {
				t.Errorf("id %s, want that of the letter, %s", a.id, letter.ID)
			}
		}
	}
	if letter.Attempts != failed || letter.Lsid != "one" {
		t.Errorf("letter %+v after %d attempts", letter, failed)
	}

	shown, err := exec.Command("tailpost", "dead", "show", "--config", s.config, letter.ID).CombinedOutput()
	if err != nil {
		t.Fatalf("dead show: %v: %s", err, shown)
	}
	for _, want := range []string{"id         " + letter.ID, "recipient  desk", "answered 500 Internal Server Error\n", `  "name": "Zoë Müller"`} {
		if !strings.Contains(string(shown), want) {
			t.Errorf("dead show doesn't say %q:\n%s", want, shown)
		}
	}

	p = s.run()
	s.appendLines(1, func(int) string { return "one" })
	wait(t, "another event", func() bool { return c.distinct() == 3 })
	p.stop()
	again := 0
	for _, a := range c.all() {
		if a.timestamp == 2 {
			again++
		}
	}
	if again != failed {
		t.Error("a dead letter was sent again")
	}
}
