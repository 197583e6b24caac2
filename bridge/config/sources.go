package config

import (
	"fmt"
	"slices"

	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/source/drop"
	"github.com/tailpost/tailpost/bridge/source/httpin"
	"github.com/tailpost/tailpost/bridge/source/socket"
	"github.com/tailpost/tailpost/bridge/source/stdin"
	"github.com/tailpost/tailpost/bridge/source/syslogd"
	"github.com/tailpost/tailpost/bridge/source/tail"
	"github.com/tailpost/tailpost/parsers"
)

// checker owns settings.
type checker interface {
	Check(dir string) []option.Problem
}

// source fills in what a source's table says: its name, for itself and for
// what reads it, ingest's settings and those of its own kind.
func (l *loader) source(t *table, name, own *string, in *ingest.Options, of checker) {
	var id identity
	l.decode(t, nil, &id, in, of)
	*name = l.name(t, id)
	*own = *name
	l.owned(t, nil, of.Check(t.file.dir))
	l.checkIngest(t, in)
}

func (l *loader) tailSource(t *table) TailSource {
	s := TailSource{Tail: tail.Defaults(), Ingest: ingest.Defaults()}
	l.source(t, &s.Name, &s.Tail.Name, &s.Ingest, &s.Tail)
	return s
}

func (l *loader) dropSource(t *table) DropSource {
	s := DropSource{Drop: drop.Defaults(), Ingest: ingest.Defaults()}
	l.source(t, &s.Name, &s.Drop.Name, &s.Ingest, &s.Drop)
	return s
}

func (l *loader) httpSource(t *table) HTTPSource {
	s := HTTPSource{HTTP: httpin.Defaults(), Ingest: ingest.Defaults()}
	l.source(t, &s.Name, &s.HTTP.Name, &s.Ingest, &s.HTTP)
	if f := s.Ingest.Format; slices.Contains(parsers.Formats(), f) && !slices.Contains(bodyFormats, f) {
		l.complain(t, "format", fmt.Sprintf("%q is for lines", f), `a request's body is "form" or "json"`)
	}
	return s
}

func (l *loader) socketSource(t *table) SocketSource {
	s := SocketSource{Socket: socket.Defaults(), Ingest: ingest.Defaults()}
	l.source(t, &s.Name, &s.Socket.Name, &s.Ingest, &s.Socket)
	return s
}

func (l *loader) syslogSource(t *table) SyslogSource {
	s := SyslogSource{Syslog: syslogd.Defaults(), Ingest: ingest.Defaults()}
	l.source(t, &s.Name, &s.Syslog.Name, &s.Ingest, &s.Syslog)
	return s
}

func (l *loader) stdinSource(t *table) StdinSource {
	s := StdinSource{Stdin: stdin.Defaults(), Ingest: ingest.Defaults()}
	l.source(t, &s.Name, &s.Stdin.Name, &s.Ingest, &s.Stdin)
	return s
}
