package app

import (
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/source/drop"
	"github.com/tailpost/tailpost/bridge/source/httpin"
	"github.com/tailpost/tailpost/bridge/source/socket"
	"github.com/tailpost/tailpost/bridge/source/stdin"
	"github.com/tailpost/tailpost/bridge/source/syslogd"
	"github.com/tailpost/tailpost/bridge/source/tail"
	"github.com/tailpost/tailpost/parsers"
)

// source is one configured source with its parser.
type source struct {
	name   string
	ingest *ingest.Ingest
	final  bool // it can't be run again
}

// settle is longer than a spool that syncs at intervals leaves anything
// unsynced: what can't be undone waits for it.
const settle = time.Second

func (a *app) openSources() error {
	for _, t := range a.c.Tails {
		o := t.Tail
		o.Name, o.Log = t.Name, a.o.Log
		if a.spool.Bereft() { // what is read again has the ids that it had
			o.Start = tail.StartBeginning
		}
		if err := a.addSource(t.Name, t.Ingest, tail.New(o), false); err != nil {
			return err
		}
	}
	for _, d := range a.c.Drops {
		o := d.Drop
		o.Name, o.Log = d.Name, a.o.Log
		if a.c.Spool.Fsync != "always" {
			o.Settle = settle
		}
		if err := a.addSource(d.Name, d.Ingest, drop.New(o), false); err != nil {
			return err
		}
	}
	for _, h := range a.c.HTTPIns {
		o := h.HTTP
		o.Name, o.Log = h.Name, a.o.Log
		if err := a.addSource(h.Name, h.Ingest, httpin.New(o), false); err != nil {
			return err
		}
	}
	for _, s := range a.c.Sockets {
		o := s.Socket
		o.Name, o.Log = s.Name, a.o.Log
		if err := a.addSource(s.Name, s.Ingest, socket.New(o), false); err != nil {
			return err
		}
	}
	for _, s := range a.c.Syslogs {
		o := s.Syslog
		o.Name, o.Log = s.Name, a.o.Log
		if err := a.addSource(s.Name, s.Ingest, syslogd.New(o), false); err != nil {
			return err
		}
	}
	for _, t := range a.c.Stdins {
		o := t.Stdin
		o.Name, o.Log, o.In = t.Name, a.o.Log, a.o.Stdin
		if err := a.addSource(t.Name, t.Ingest, stdin.New(o), true); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) addSource(name string, o ingest.Options, from bridge.Source, final bool) error {
	newParser := ParserFor(o)
	if _, err := newParser(o.Format); err != nil {
		return fmt.Errorf("source %s: %w", name, err)
	}
	a.sources = append(a.sources, &source{name: name, final: final, ingest: ingest.New(ingest.Config{
		Name: name, Options: o, Source: from, NewParser: newParser, Store: store{a.spool},
		Wanted: a.wanted, Guess: guess(o), Final: final, Log: a.o.Log,
	})})
	return nil
}

// ParserFor gives what makes parsers for a source of these settings.
func ParserFor(o ingest.Options) func(format string) (bridge.Parser, error) {
	return func(format string) (bridge.Parser, error) {
		zone, err := o.Zone()
		if err != nil {
			return nil, err
		}
		return parsers.New(parsers.Options{Format: format, Zone: zone, CustomFields: o.CustomFields,
			Patterns: o.Pattern, Unmatched: o.Unmatched})
	}
}

// guess finds another format that reads all the lines.
func guess(o ingest.Options) func([]bridge.Record) string {
	return func(lines []bridge.Record) string {
		for _, format := range parsers.Formats() {
			if format != o.Format && reads(ParserFor(o), format, lines) {
				return format
			}
		}
		return ""
	}
}

func reads(newParser func(string) (bridge.Parser, error), format string, lines []bridge.Record) bool {
	p, err := newParser(format)
	if err != nil {
		return false
	}
	for _, l := range lines {
		if _, outcome, err := p.Parse(l, nil); err != nil || outcome == bridge.Ignored {
			return false
		}
	}
	return true
}
