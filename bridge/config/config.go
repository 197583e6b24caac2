package config

import (
	"time"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/source/drop"
	"github.com/tailpost/tailpost/bridge/source/httpin"
	"github.com/tailpost/tailpost/bridge/source/socket"
	"github.com/tailpost/tailpost/bridge/source/stdin"
	"github.com/tailpost/tailpost/bridge/source/syslogd"
	"github.com/tailpost/tailpost/bridge/source/tail"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/sinks/filesink"
	"github.com/tailpost/tailpost/sinks/httpsink"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// Config is a configuration that has been checked. Paths in it are absolute,
// secrets are read, and the Name of each owner's options is set.
type Config struct {
	Path     string   // of the main file, as it was named
	Files    []string // all that were read: the main file, then its includes
	StateDir string   // absolute
	Depends  Depends  // what it was read from, all of it
	Warnings []Problem
	Places   map[string]string // of each recipient, by name: file:line:column

	Log      Log
	Shutdown Shutdown
	Spool    spool.Options // Dir is StateDir
	Admin    admin.Settings
	Alerts   alert.System

	// The sources, each kind in the order of the files; there is at least one.
	Tails   []TailSource
	Drops   []DropSource
	HTTPIns []HTTPSource
	Sockets []SocketSource
	Syslogs []SyslogSource
	Stdins  []StdinSource // one at most

	SMTP *smtpsink.RelayOptions // nil without [smtp]

	// The recipients, each kind in the order of the files; there is at least
	// one. Names are unique among all of them.
	HTTP  []HTTPRecipient
	Email []EmailRecipient
	File  []FileRecipient
}

// Log is the table [log].
type Log struct {
	Level  string `toml:"level" doc:"the least that is logged"`
	Format string `toml:"format" doc:"how: auto is console on a terminal, else json"`
}

// Shutdown is the table [shutdown].
type Shutdown struct {
	Grace option.Duration `toml:"grace" doc:"how long attempts under way may take to end at a stop; keep it below what the init system waits (docker stop: 10s)"`
}

// TailSource is one of [[sources.tail]].
type TailSource struct {
	Name   string
	Tail   tail.Options
	Ingest ingest.Options
}

// DropSource is one of [[sources.drop]].
type DropSource struct {
	Name   string
	Drop   drop.Options
	Ingest ingest.Options
}

// HTTPSource is one of [[sources.http]].
type HTTPSource struct {
	Name   string
	HTTP   httpin.Options
	Ingest ingest.Options
}

// SocketSource is one of [[sources.socket]].
type SocketSource struct {
	Name   string
	Socket socket.Options
	Ingest ingest.Options
}

// SyslogSource is one of [[sources.syslog]].
type SyslogSource struct {
	Name   string
	Syslog syslogd.Options
	Ingest ingest.Options
}

// StdinSource is one of [[sources.stdin]].
type StdinSource struct {
	Name   string
	Stdin  stdin.Options
	Ingest ingest.Options
}

// HTTPRecipient is one of [[recipients.http]].
type HTTPRecipient struct {
	Name    string
	Profile string // "" or "appliance"
	Policy  dispatch.Policy
	Alert   alert.Policy
	Sink    httpsink.Options
}

// EmailRecipient is one of [[recipients.email]].
type EmailRecipient struct {
	Name   string
	Policy dispatch.Policy
	Alert  alert.Policy
	Sink   smtpsink.Options
}

// FileRecipient is one of [[recipients.file]].
type FileRecipient struct {
	Name   string
	Policy dispatch.Policy
	Alert  alert.Policy
	Sink   filesink.Options
}

// general are the keys before the first table.
type general struct {
	StateDir string      `toml:"state_dir" doc:"the state directory: spool, journal, quarantine, dead letters, history, control socket; its mode is 0700"`
	Include  option.List `toml:"include" doc:"further files, as globs; their sources and recipients add up, any other table stands in one file only; in the main file alone"`
}

const defaultStateDir = "/var/lib/tailpost"

// graceMax bounds a shutdown: init systems kill long before.
const graceMax = option.Duration(time.Hour)

// defaults gives what holds where the files say nothing.
func defaults() *Config {
	return &Config{
		StateDir: defaultStateDir,
		Log:      Log{Level: "info", Format: "auto"},
		Shutdown: Shutdown{Grace: option.Duration(8 * time.Second)},
		Spool:    spool.Defaults(),
		Admin:    admin.Defaults(),
		Alerts:   alert.SystemDefaults(),
	}
}
