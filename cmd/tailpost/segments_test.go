package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/app"
)

// parts gives a survey's message in four segments, as the appliance would log
// it at that second of 15:41.
func parts(session string, second int) []string {
	payload := "lsid=" + session + ";event=support_conference_customer_exit_survey_completed;when=1733240467" +
		";survey:1:label=How was it, " + session + "?;survey:1:answer=" + session + " says fine"
	var out []string
	for i := range 4 {
		n := len(payload) / 4
		piece := payload[i*n : (i+1)*n]
		if i == 3 {
			piece = payload[i*n:]
		}
		out = append(out, fmt.Sprintf("Dec  3 15:41:%02d appliance BG[4711]: 1427:%02d:04:%s", second, i+1, piece))
	}
	return out
}

// TestSegmentsAndKills: messages in four segments, with a SIGKILL behind each
// single line: in order, interleaved, swapped, repeated, and one of which a part
// never comes. Each is one event, or counted as incomplete; read again from the
// beginning they have the same ids.
func TestSegmentsAndKills(t *testing.T) {
	t.Parallel()
	plain, a, b := parts("plain", 0), parts("interleaved-a", 11), parts("interleaved-b", 12)
	swapped, repeated, missing := parts("swapped", 23), parts("repeated", 34), parts("missing", 45)
	end := "Dec  3 15:43:00 appliance BG[4711]: 1427:01:01:event=support_conference_end;when=1733240580;lsid=plain"
	lines := slices.Concat(
		plain,
		[]string{a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]},
		[]string{swapped[1], swapped[0], swapped[3], swapped[2]},
		[]string{repeated[0], repeated[0], repeated[1], repeated[2], repeated[2], repeated[3]},
		[]string{missing[0], missing[1], missing[3]},
		[]string{end},
	)
	c := newCounter(t, always(200))
	s := bgSite(t, c)
	for i, line := range lines {
		s.appendText(line + "\n")
		p := s.run()
		wait(t, "a line to be durable", func() bool { return s.balance().Read == int64(i+1) })
		p.kill()
	}
	sessions := []string{"plain", "interleaved-a", "interleaved-b", "swapped", "repeated"}
	want := len(sessions) + 1 // the end
	p := s.run()
	wait(t, "all events", func() bool { return len(idsOf(c.all())) >= want })
	p.stop()
	first := c.all()
	checkSurveys(t, first, sessions)
	if n := len(idsOf(first)); n != want {
		t.Errorf("%d ids of %d events", n, want)
	}
	// The parts of the incomplete message, and the two that came twice.
	if got := s.balance(); got.Quarantined != 3 || got.Ignored != 2 || got.Open != 0 || got.Read != got.Sum() {
		t.Errorf("totals %+v", got)
	}

	again := newCounter(t, always(200))
	copied := bgSite(t, again)
	copied.appendText(strings.Join(lines, "\n") + "\n")
	p = copied.run()
	wait(t, "the re-read", func() bool { return len(idsOf(again.all())) >= want })
	p.stop()
	wantSameIDs(t, "a re-read", idsOf(first), idsOf(again.all()))
}

// bgSite is a site whose log is the appliance's.
func bgSite(t *testing.T, c *counter) *site {
	s := newSite(t, fmt.Sprintf("[[recipients.http]]\nname = \"r\"\nurl = \"%s/\"\n", c.URL))
	b, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(b), "\nformat       = \"json\"", "\nformat       = \"bg\"", 1)
	s.write(s.config, text)
	return s
}

func (s *site) appendText(text string) {
	s.t.Helper()
	f, err := os.OpenFile(s.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// balance gives what became of the log's lines, as far as that is durable.
func (s *site) balance() (b app.SourceBalance) {
	all, err := app.Audit(filepath.Join(s.dir, "state"))
	if err != nil {
		return b // not there yet
	}
	for _, src := range all.Sources {
		b = src
	}
	return b
}

// checkSurveys wants one survey of each session.
func checkSurveys(t *testing.T, as []arrival, sessions []string) {
	t.Helper()
	got := map[string]map[string]bool{}
	for _, a := range as {
		if a.timestamp == 1733240467 {
			if got[a.session] == nil {
				got[a.session] = map[string]bool{}
			}
			got[a.session][a.id] = true
		}
	}
	if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, slices.Sorted(slices.Values(sessions))) {
		t.Errorf("surveys of %v, want %v", have, sessions)
	}
	for session, ids := range got {
		if len(ids) != 1 {
			t.Errorf("session %s: one survey under %d ids", session, len(ids))
		}
	}
}
