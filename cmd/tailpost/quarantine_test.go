package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// bgLines are four events: of one the two parts come apart, with another
// event between them. The last line is of no format.
const bgLines = `Dec  3 15:41:07 box BG[4711]: 1427:01:01:event=support_conference_begin;when=1733240467;lsid=a
Dec  3 15:41:08 box BG[4711]: 1427:01:02:event=support_conference_owner_changed;when=1733240468;ls
Dec  3 15:41:08 box BG[4712]: 1427:01:01:event=support_conference_begin;when=1733240468;lsid=b
Dec  3 15:41:08 box BG[4711]: 1427:02:02:id=a;conference_name=queue
Dec  3 15:41:10 box BG[4711]: 1427:01:01:event=support_conference_end;when=1733240470;lsid=a
none of it
`

// TestQuarantineReplay: lines that were read in a wrong format are parsed anew
// once it is right, by the running bridge and by one that doesn't run; their
// events have the ids that they would have had.
func TestQuarantineReplay(t *testing.T) {
	t.Parallel()
	for name, running := range map[string]bool{"running": true, "stopped": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, always(200))
			s := newSite(t, recipientAt("desk", c.URL, ""))
			s.write(s.log, bgLines)
			p := s.run()
			wait(t, "six lines in quarantine", func() bool {
				out, _ := s.tailpost("quarantine", "ls")
				return strings.Count(out, " log ") == 6
			})
			p.stop()
			s.setFormat("bg")
			if running {
				p = s.run()
			}
			s.says(2, "say which lines", "quarantine", "replay")
			s.says(1, "5 lines are in quarantine no longer; 4 events", "quarantine", "replay", "--source", "log")
			out := s.says(0, "", "quarantine", "ls")
			if strings.Count(out, " log ") != 1 || !strings.Contains(out, "none of it") {
				t.Errorf("left in quarantine:\n%s", out)
			}
			s.says(1, "0 lines are in quarantine no longer; 0 events", "quarantine", "replay", "--source", "log")
			s.says(1, "no line in quarantine has this number", "quarantine", "replay", "77")
			if !running {
				p = s.run()
			}
			wait(t, "the events", func() bool { return len(c.all()) == 4 })
			p.stop()

			want := s.parsed()
			for _, a := range c.all() {
				if !want[a.id] {
					t.Errorf("id %s of %s is none that parse gives", a.id, a.session)
				}
				delete(want, a.id)
			}
		})
	}
}

// setFormat changes the format of the site's source.
func (s *site) setFormat(format string) {
	s.t.Helper()
	b, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	text := string(b)
	for _, f := range []string{"json", "bg"} {
		text = strings.Replace(text, `format       = "`+f+`"`, `format       = "`+format+`"`, 1)
	}
	s.write(s.config, text)
}

// parsed gives the ids that the site's log would have had in format bg.
func (s *site) parsed() map[string]bool {
	s.t.Helper()
	out, _ := exec.Command("tailpost", "parse", "--format", "bg", "--source", "log", s.log).Output() // fails: a line is of no format
	ids := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		var e struct{ ID string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			s.t.Fatal(err)
		}
		ids[e.ID] = true
	}
	if len(ids) != 4 {
		s.t.Fatalf("parse gives %d events:\n%s", len(ids), out)
	}
	return ids
}
