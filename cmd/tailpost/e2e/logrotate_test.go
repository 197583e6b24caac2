//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// rotateStyle is a way in which logrotate is set up in the field.
type rotateStyle struct {
	name       string
	directives []string
	logs       []string // rsyslog writes each host's lines into one of its own
}

// inTurn are the styles. Names with a date have a second in them, because one
// day has many rotations here.
var inTurn = []rotateStyle{
	{name: "create", directives: []string{"create 0640", postrotate}},
	{name: "nocreate", directives: []string{"nocreate", postrotate}},
	{name: "copytruncate", directives: []string{"copytruncate"}},
	{name: "copytruncate, compress", directives: []string{"copytruncate", "compress"}},
	{name: "create, compress", directives: []string{"create 0640", "compress", postrotate}},
	{name: "create, compress, delaycompress", directives: []string{"create 0640", "compress", "delaycompress", postrotate}},
	{name: "dateext", directives: []string{"create 0640", dateext, postrotate}},
	{name: "dateext, compress, delaycompress", directives: []string{"nocreate", dateext, "compress", "delaycompress", postrotate}},
	{name: "dateext, extension .log", directives: []string{"create 0640", dateext, "extension .log", postrotate}},
	{name: "sharedscripts, compress, delaycompress", directives: []string{"create 0640", "sharedscripts", "compress", "delaycompress", postrotate},
		logs: []string{"east", "west"}},
}

const (
	dateext    = "dateext\n  dateformat -%Y%m%d-%s"
	postrotate = "postrotate\n    kill -HUP $(cat $RSYSLOGD_PID)\n  endscript"
)

// TestLogrotate: rsyslog writes a log, logrotate rotates it in each of its
// usual styles, and the bridge, which is killed now and then, takes each line
// that stands in one of the files afterwards exactly once.
func TestLogrotate(t *testing.T) {
	table := []string{
		"| style | lines | rotations | while down | lost | repeated | dropped by rotation itself | of these taken | delivered again after a kill |",
		"|---|---|---|---|---|---|---|---|---|",
	}
	for _, style := range inTurn {
		t.Run(strings.ReplaceAll(style.name, ", ", "+"), func(t *testing.T) {
			s := startRotatedSite(t, style, "rotate 1000")
			p := s.bridge(t)
			s.feed(t)
			s.story(t, p)
			got := s.judge(t, p)
			table = append(table, fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d |", style.name,
				got.lines, s.rotations, s.whileDown, got.lost, got.repeated, got.dropped, got.saved, got.again))
		})
	}
	t.Logf("lost and repeated: of the lines that stand in logrotate's files\n%s", strings.Join(table, "\n"))
}

// story rotates the log while the bridge runs, while it is down, and while it
// is killed. It ends with all lines taken, and the bridge stopped.
func (s *rotatedSite) story(t *testing.T, p *trial.Program) {
	t.Helper()
	s.atWork(t, p) // what was rotated before the very first start is not read
	rounds := 2
	if s.dated() {
		rounds = 1 // each rotation takes a second
	}
	for range rounds {
		s.rotate(t, 2)
		s.stopped(t, p, 1)
		s.rotate(t, 1)
		s.killedInRotation(t, p)
		s.rotate(t, 1)
		s.stopped(t, p, 3)
	}
	s.lastLines(t, p)

	// Nothing of all that lies there is news to another start.
	p.Stop()
	s.start(t, p)
	s.feed(t)
	s.moreLines(t)
	s.lastLines(t, p)
	p.Stop()
}

// stopped kills the bridge, and rotates before it is started again.
func (s *rotatedSite) stopped(t *testing.T, p *trial.Program, times int) {
	t.Helper()
	p.Kill()
	s.rotate(t, times)
	s.whileDown += times
	s.start(t, p)
}

// killedInRotation kills the bridge while logrotate is at work.
func (s *rotatedSite) killedInRotation(t *testing.T, p *trial.Program) {
	t.Helper()
	s.atWork(t, p)
	s.moreLines(t)
	done := make(chan error, 1)
	go func() { done <- s.logrotate() }()
	p.Kill()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.whileDown++
	s.start(t, p)
}
