//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// rotatedSite is a directory in which rsyslog writes logs that logrotate
// rotates, both with a configuration of their own.
type rotatedSite struct {
	style rotateStyle
	dir   string   // the logs are in log/
	logs  []string // their hosts

	conn      net.Conn     // to rsyslog
	sent      atomic.Int64 // lines written there
	most      atomic.Int64 // lines to be written there, until more are asked for
	enough    context.CancelFunc
	fed       chan error  // gives how feeding ended, once
	rotations int         // runs of logrotate
	whileDown int         // of them
	last      time.Time   // of the last one's beginning
	lives     []*life     // of the bridge
	delivered map[int]int // line → in how many lives
}

const (
	linesASecond = 4000
	// betweenRotations is how many lines are sent until the next rotation. As
	// many follow while logrotate is at work.
	betweenRotations = 300
)

const rsyslogFileConfig = `
global(workDirectory=%[1]q)
main_queue(queue.workerThreads="1")
module(load="imptcp")
input(type="imptcp" path="%[1]s/in.sock")
template(name="byhost" type="string" string="%[1]s/log/%%HOSTNAME%%.log")
action(type="omfile" dynaFile="byhost" template="RSYSLOG_TraditionalFileFormat" fileCreateMode="0640")
`

// startRotatedSite runs rsyslog. The directives are logrotate's, besides those
// of the style.
func startRotatedSite(t *testing.T, style rotateStyle, directives ...string) *rotatedSite {
	t.Helper()
	s := &rotatedSite{style: style, dir: shortDir(t), logs: style.logs, delivered: map[int]int{}}
	if s.logs == nil {
		s.logs = []string{"session"}
	}
	all := strings.Join(append(directives, style.directives...), "\n  ")
	for name, text := range map[string]string{
		"rsyslog.conf":   fmt.Sprintf(rsyslogFileConfig, s.dir),
		"logrotate.conf": fmt.Sprintf("%s {\n  %s\n}\n", s.logNames(), all),
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(s.dir, "log"), 0o700); err != nil {
		t.Fatal(err)
	}
	startDaemon(t, nil, "/usr/sbin/rsyslogd", "-n", "-f", filepath.Join(s.dir, "rsyslog.conf"), "-i", filepath.Join(s.dir, "rsyslogd.pid"))
	return s
}

// shortDir makes a directory in which a socket's name is short enough.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tailpost-logs-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// logNames names the logs as logrotate wants them.
func (s *rotatedSite) logNames() string {
	var names []string
	for _, host := range s.logs {
		names = append(names, filepath.Join(s.dir, "log", host+".log"))
	}
	return strings.Join(names, " ")
}

// bridge starts the bridge on the logs, before the first line is there.
func (s *rotatedSite) bridge(t *testing.T) *trial.Program {
	t.Helper()
	p := trial.New(t, raceBinary, "")
	s.start(t, p)
	return p
}

// start has the bridge write what each of its lives delivers into a file of
// its own: only so is it known what was delivered twice because of a kill.
func (s *rotatedSite) start(t *testing.T, p *trial.Program) {
	t.Helper()
	name := s.logs[0]
	if len(s.logs) > 1 {
		name = "*"
	}
	l := &life{out: p.Path(fmt.Sprintf("out-%d.jsonl", len(s.lives))), got: map[int]int{}}
	p.Configure(fmt.Sprintf("[[sources.tail]]\nname = \"logs\"\npath = \"%s/log/%s.log\"\nformat = \"bg\"\nstart = \"beginning\"\nappliance_id = \"support.example.com\"\n"+
		"[[recipients.file]]\nname = \"out\"\npath = %q\n", s.dir, name, l.out))
	s.lives = append(s.lives, l)
	p.Start()
}

// text is line n as it stands in its host's log.
func (s *rotatedSite) text(n int) string {
	return fmt.Sprintf("Dec  3 15:26:05 %s BG[4711]: %s\n", s.logs[n%len(s.logs)], payload(n))
}

// feed begins to send lines to rsyslog, until enough.
func (s *rotatedSite) feed(t *testing.T) {
	t.Helper()
	eventually(t, timeToArrive, "listening: rsyslogd", func() bool {
		if s.conn == nil {
			if c, err := net.Dial("unix", filepath.Join(s.dir, "in.sock")); err == nil {
				s.conn = c
				t.Cleanup(func() { c.Close() })
			}
		}
		return s.conn != nil
	})
	s.most.Store(s.sent.Load() + betweenRotations)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	s.enough, s.fed = cancel, make(chan error, 1)
	go func() { s.fed <- s.send(ctx) }()
}

// send writes lines at an even pace until ctx ends, then one more to each log.
func (s *rotatedSite) send(ctx context.Context) error {
	const tick = 10 * time.Millisecond
	every := time.NewTicker(tick)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.write(len(s.logs))
		case <-every.C:
		}
		if s.sent.Load() >= s.most.Load() {
			continue
		}
		if err := s.write(int(linesASecond * tick / time.Second)); err != nil {
			return err
		}
	}
}

func (s *rotatedSite) write(lines int) error {
	var b bytes.Buffer
	n := int(s.sent.Load())
	for i := range lines {
		b.WriteString("<133>" + s.text(n+i))
	}
	s.conn.SetWriteDeadline(time.Now().Add(patience))
	if _, err := s.conn.Write(b.Bytes()); err != nil {
		return fmt.Errorf("send to rsyslog: %w", err)
	}
	s.sent.Add(int64(lines))
	return nil
}

// dated reports whether two rotations within a second would have one name.
func (s *rotatedSite) dated() bool { return slices.Contains(s.style.directives, dateext) }

// rotate runs logrotate so many times, always after some more lines.
func (s *rotatedSite) rotate(t *testing.T, times int) {
	t.Helper()
	for range times {
		s.moreLines(t)
		if err := s.logrotate(); err != nil {
			t.Fatal(err)
		}
	}
}

// moreLines returns when it is time to rotate again.
func (s *rotatedSite) moreLines(t *testing.T) {
	t.Helper()
	if s.dated() {
		eventually(t, timeToArrive, "past: the second of the last name", func() bool { return time.Now().Unix() > s.last.Unix() })
	}
	from := s.sent.Load()
	s.most.Store(from + 2*betweenRotations)
	eventually(t, timeToArrive, "sent to rsyslog: the next lines", func() bool { return s.sent.Load() >= from+betweenRotations })
}

// logrotate rotates all logs once.
func (s *rotatedSite) logrotate() error {
	s.rotations++
	s.last = time.Now()
	cmd := exec.Command("/usr/sbin/logrotate", "-f", "-s", filepath.Join(s.dir, "logrotate.state"), filepath.Join(s.dir, "logrotate.conf"))
	cmd.Env = append(os.Environ(), "RSYSLOGD_PID="+filepath.Join(s.dir, "rsyslogd.pid"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("logrotate: %w; .ci/e2e-packages installs it\n%s", err, out)
	}
	return nil
}
