package app

import (
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/source/drop"
	"github.com/tailpost/tailpost/bridge/source/httpin"
	"github.com/tailpost/tailpost/bridge/source/socket"
	"github.com/tailpost/tailpost/bridge/source/stdin"
	"github.com/tailpost/tailpost/bridge/source/syslogd"
	"github.com/tailpost/tailpost/bridge/source/tail"
	"github.com/tailpost/tailpost/parsers"
)

// settle is longer than a spool that syncs at intervals leaves anything
// unsynced: what can't be undone waits for it.
const settle = time.Second

// openSources makes the sources that are configured.
func (a *app) openSources() error {
	for _, it := range a.conf().Sources() {
		s, err := a.newSource(it)
		if err != nil {
			return fmt.Errorf("source %s: %w", it.Name, err)
		}
		a.sources[it.Name] = s
	}
	return nil
}

// newSource makes a source with its parser. Nothing is opened.
func (a *app) newSource(it config.Item) (*source, error) {
	s := &source{name: it.Name, item: it, made: time.Now()}
	log := a.o.Log
	var in ingest.Options
	switch c := it.What.(type) {
	case config.TailSource:
		o := c.Tail
		o.Name, o.Log = c.Name, log
		if a.spool.Bereft() { // what is read again has the ids that it had
			o.Start = tail.StartBeginning
		}
		in, s.from = c.Ingest, tail.New(o)
	case config.DropSource:
		o := c.Drop
		o.Name, o.Log = c.Name, log
		if a.conf().Spool.Fsync != "always" {
			o.Settle = settle
		}
		in, s.from = c.Ingest, drop.New(o)
	case config.HTTPSource:
		o := c.HTTP
		o.Name, o.Log = c.Name, log
		in, s.from = c.Ingest, httpin.New(o)
	case config.SocketSource:
		o := c.Socket
		o.Name, o.Log = c.Name, log
		in, s.from = c.Ingest, socket.New(o)
	case config.SyslogSource:
		o := c.Syslog
		o.Name, o.Log = c.Name, log
		in, s.from = c.Ingest, syslogd.New(o)
	case config.StdinSource:
		o := c.Stdin
		o.Name, o.Log, o.In = c.Name, log, a.o.Stdin
		in, s.from, s.final = c.Ingest, stdin.New(o), true
	default:
		panic(fmt.Sprintf("a source of type %T", c))
	}
	newParser := ParserFor(in)
	if _, err := newParser(in.Format); err != nil {
		return nil, err
	}
	s.ingest = ingest.New(ingest.Config{
		Name: it.Name, Options: in, Source: s.from, NewParser: newParser, Store: store{a.spool}, Turn: a.turn(it.Name),
		Wanted: a.wanted, Guess: guess(in), Final: s.final, Log: log,
	})
	return s, nil
}

// turn gives the turn of all that serve a source of that name.
func (a *app) turn(name string) ingest.Turn {
	if a.turns[name] == nil {
		a.turns[name] = ingest.NewTurn()
	}
	return a.turns[name]
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
