package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/status"
)

// TestStatus: of the real program, with all well; then with a recipient that
// is failing, one that is misconfigured, a paused one and a dead letter.
func TestStatus(t *testing.T) {
	t.Parallel()
	taken, fails, refuses := newCounter(t, always(200)), newCounter(t, always(503)), newCounter(t, always(401))
	dies := newCounter(t, func(a arrival) int {
		if a.session == "poison" {
			return 422
		}
		return 200
	})
	s := newSite(t, recipientAt("desk", taken.URL+"/hook?key=SECRET", ""))
	p := s.run()
	s.appendLines(3, func(int) string { return "a" })
	wait(t, "three events", func() bool { return taken.distinct() == 3 })
	wait(t, "the control socket", func() bool { _, code := s.tailpost("status"); return code == 0 })
	out := s.says(0, "all is well", "status")
	for _, want := range []string{"tailpost ", ": ready; running for ", "RECIPIENT  KIND  STATE ", "\ndesk       http  ok     0        -", "\nlog     tail  ok ", "\nspool  ", "\nbalance  ", "\nconfiguration  "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if one := s.says(0, "all is well", "status", "--recipient", "desk"); !strings.Contains(one, "/hook?…\n") || !strings.Contains(one, "3 = 3 delivered + 0 waiting") {
		t.Errorf("of one:\n%s", one)
	}
	s.says(2, `no recipient has the name "nobody"`, "status", "--recipient", "nobody")

	s.rewrite(recipientAt("desk", taken.URL, "") + recipientAt("fails", fails.URL, "send_email_alert_after = \"1s\"\nmax_in_flight = 1\n") +
		recipientAt("refuses", refuses.URL, "") + recipientAt("dies", dies.URL, "give_up = [422]\n"))
	wait(t, "the reload", func() bool { return strings.Contains(p.log.String(), "configuration reloaded") })
	s.says(0, "", "pause", "desk")
	s.appendLines(1, func(int) string { return "a" })
	wait(t, "one that is taken", func() bool { return dies.distinct() == 1 })
	s.appendLines(1, func(int) string { return "poison" })
	var is status.Snapshot
	wait(t, "all of them to need a person", func() bool {
		var b strings.Builder
		if code := run([]string{"status", "--json", "--config", s.config}, strings.NewReader(""), &b, &b); code == exitUsage {
			t.Fatal(b.String())
		}
		is = status.Snapshot{}
		if err := json.Unmarshal([]byte(b.String()), &is); err != nil {
			t.Fatal(err, b.String())
		}
		return len(is.Needs) == 3
	})
	var states []string
	for _, r := range is.Recipients {
		states = append(states, r.Name+" "+string(r.State)+" "+r.By)
	}
	if got, want := strings.Join(states, ", "), "desk paused a person, dies failing , fails down , refuses misconfigured "; got != want {
		t.Errorf("states %s, want %s", got, want)
	}
	out = s.says(1, "", "status")
	for _, want := range []string{
		"\n3 things need a person:\n", "\n! recipient fails: down: ", "\n! recipient refuses: misconfigured, it refuses us: ", "\n- recipient dies: 1 dead letter waits for a decision\n",
		"\n  > tailpost dead ls --recipient dies", "\ndesk       http  paused         2        ", "    paused by a person: what is accepted waits\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "SECRET") {
		t.Errorf("a secret:\n%s", out)
	}
	s.says(1, "\n1 thing needs a person:\n! recipient fails: ", "status", "--recipient", "fails")
	p.stop()
}
