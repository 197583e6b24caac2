package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/sinks/receiver"
)

func newDemo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show the bridge at work: an outage, a rotation and a kill",
		Long: `Runs the real bridge on real files in a temporary directory, against a receiver
for HTTP and mail: a sample session is written to a log line by line; the
receiver is down for a few seconds; the log is rotated; the bridge is killed
with SIGKILL and started again. A table shows when each recipient got each
event, and how often. Takes under 30 seconds; exit code 0 only if everything
arrived.`,
		Example: "  tailpost demo",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), demoMost)
			defer cancel()
			if err := runDemo(ctx, c.OutOrStdout()); err != nil {
				return failed(err)
			}
			return nil
		},
	}
}

const (
	demoMost   = 28 * time.Second
	demoOutage = 3 * time.Second // how long the receiver is down at least
)

// demo is one run of it.
type demo struct {
	start  time.Time
	dir    string
	log    *demoLog
	rec    *receiver.Receiver
	bridge *demoBridge

	mu      sync.Mutex
	out     io.Writer
	rows    []*demoRow
	refused int
	changed chan struct{} // has a value after each arrival
}

// demoRow is one event of the sample session and what became of it.
type demoRow struct {
	event     string
	timestamp string // tells the events apart
	written   time.Time
	got       [demoRecipients]arrivals
}

type arrivals struct {
	first time.Time
	count int
}

const (
	toHTTP = iota
	toMail
	demoRecipients
)

func runDemo(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "tailpost-demo-")
	if err != nil {
		return err
	}
	d := &demo{start: time.Now(), dir: dir, out: out, changed: make(chan struct{}, 1)}
	defer func() {
		if err != nil && !errors.Is(err, context.Canceled) {
			err = fmt.Errorf("%w; what happened is in %s", err, dir)
			return
		}
		if rerr := os.RemoveAll(dir); err == nil {
			err = rerr
		}
	}()
	if d.rec, err = receiver.New(receiver.Options{HTTPAddr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0", OnEvent: d.arrived}); err != nil {
		return err
	}
	receiving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.rec.Run(receiving) }()
	defer func() {
		stop()
		<-ended
	}()
	if d.log, err = newDemoLog(filepath.Join(dir, "session.log")); err != nil {
		return err
	}
	defer d.log.close()
	if err := d.writeConfig(); err != nil {
		return err
	}
	if err := d.play(ctx); err != nil {
		return err
	}
	return d.table()
}

// play goes through the story.
func (d *demo) play(ctx context.Context) error {
	d.say("receiver on http://%s/ and smtp://%s", d.rec.HTTPAddr(), d.rec.SMTPAddr())
	if err := d.startBridge(ctx); err != nil {
		return err
	}
	defer func() { d.bridge.kill() }()
	lines := sampleSession(d.start)

	d.write(lines[:2]...)
	if err := d.until(ctx, "the first events to arrive", d.allArrived); err != nil {
		return err
	}
	d.say("both recipients have them")

	d.rec.SetFail(503, 0)
	down := time.Now()
	d.say("the receiver is down: it answers 503, and refuses mail")
	d.write(lines[2:4]...)
	if err := d.until(ctx, "a refused attempt", func() bool { return d.refused > 0 }); err != nil {
		return err
	}
	if err := d.log.rotate(); err != nil {
		return err
	}
	d.say("the log is rotated")
	d.write(lines[4:6]...)
	d.bridge.kill()
	d.say("the bridge is killed with SIGKILL, in the middle of a message in two parts")
	d.write(lines[6:8]...)
	if err := d.startBridge(ctx); err != nil {
		return err
	}
	if err := pause(ctx, time.Until(down.Add(demoOutage))); err != nil {
		return err
	}
	d.rec.SetFail(0, 0)
	d.say("the receiver is up again, after %.1f s", time.Since(down).Seconds())
	d.write(lines[8:]...)
	if err := d.until(ctx, "everything to arrive", d.allArrived); err != nil {
		_ = d.table()
		return err
	}
	return d.bridge.stop(ctx)
}

func pause(ctx context.Context, t time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(t):
		return nil
	}
}

// say prints a line of progress.
func (d *demo) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sayLocked(format, args...)
}

func (d *demo) sayLocked(format string, args ...any) {
	fmt.Fprintf(d.out, "%6.2f s  %s\n", time.Since(d.start).Seconds(), fmt.Sprintf(format, args...))
}

// write appends lines to the log and notes when each event was complete.
func (d *demo) write(lines ...demoLine) {
	for _, l := range lines {
		if err := d.log.append(l.text); err != nil {
			d.say("writing the log: %v", err)
			return
		}
		d.mu.Lock()
		if l.event != "" {
			d.rows = append(d.rows, &demoRow{event: l.event, timestamp: l.timestamp, written: time.Now()})
			d.sayLocked("written: %s", l.event)
		} else {
			d.sayLocked("written: a part of a message")
		}
		d.mu.Unlock()
	}
}

// until waits for something that arrivals bring about.
func (d *demo) until(ctx context.Context, what string, done func() bool) error {
	for {
		d.mu.Lock()
		ok := done()
		d.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case err := <-d.bridge.exited:
			return fmt.Errorf("the bridge ended by itself: %w", err)
		case <-d.changed:
		}
	}
}
