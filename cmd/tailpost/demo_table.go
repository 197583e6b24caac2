package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/tailpost/tailpost/sinks/receiver"
)

// stamped finds the timestamp in a mail of the demo.
var stamped = regexp.MustCompile(`timestamp ([0-9]+)`)

// arrived is called by the receiver for each request and mail.
func (d *demo) arrived(r receiver.Received) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() {
		select {
		case d.changed <- struct{}{}:
		default:
		}
	}()
	if !r.OK() {
		d.refused++
		return
	}
	to, stamp := toHTTP, ""
	if r.Kind == receiver.KindSMTP {
		to = toMail
		if m := stamped.FindStringSubmatch(r.Text); m != nil {
			stamp = m[1]
		}
	} else {
		stamp, _ = r.Field("timestamp")
	}
	for _, row := range d.rows {
		if row.timestamp != stamp {
			continue
		}
		a := &row.got[to]
		if a.count == 0 {
			a.first = r.Time
		}
		a.count++
	}
}

// allArrived reports whether each recipient has each event written so far.
// d.mu is held.
func (d *demo) allArrived() bool {
	for _, row := range d.rows {
		for _, a := range row.got {
			if a.count == 0 {
				return false
			}
		}
	}
	return true
}

// table prints what became of each event. An error says that one is missing.
func (d *demo) table() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintln(d.out)
	tab := newTable(d.out, "EVENT", "WRITTEN", "HTTP", "MAIL")
	missing, repeated := 0, 0
	for _, row := range d.rows {
		cells := []string{row.event, shortTime(row.written)}
		for _, a := range row.got {
			cells = append(cells, a.text(row.written))
			switch {
			case a.count == 0:
				missing++
			case a.count > 1:
				repeated += a.count - 1
			}
		}
		if err := tab.row(cells...); err != nil {
			return err
		}
	}
	if err := tab.flush(); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\n%d events to %d recipients: %d missing, %d repeated; %.1f s\n",
		len(d.rows), demoRecipients, missing, repeated, time.Since(d.start).Seconds())
	if missing > 0 {
		return fmt.Errorf("%d deliveries are missing", missing)
	}
	return nil
}

func (a arrivals) text(written time.Time) string {
	if a.count == 0 {
		return "missing"
	}
	return fmt.Sprintf("%s (+%.2f s), %d×", shortTime(a.first), a.first.Sub(written).Seconds(), a.count)
}
