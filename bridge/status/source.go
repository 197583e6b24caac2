package status

import "time"

// The states of a source, besides OK.
const (
	Starting   State = "starting"   // it has not looked, or listened, for the first time
	Waiting    State = "waiting"    // its file isn't there (yet, or just rotated away), and is waited for in a directory that is watched
	Unreadable State = "unreadable" // it can't read: permission, no file, a directory that is gone, an address that is taken
	Partly     State = "partly"     // of drop: some files can't be read, or not moved or deleted; others are
	Blocked    State = "blocked"    // the spool takes nothing, or its record can't be written
	Ended      State = "ended"      // there is nothing more to come: standard input
)

// Source is how one source fares. Counts of lines outlive restarts.
type Source struct {
	Name   string    `json:"name"`
	Kind   string    `json:"kind"`   // tail, drop, socket, syslog, http, stdin
	Target string    `json:"target"` // path, directory or address
	Format string    `json:"format"`
	State  State     `json:"state"`
	Text   string    `json:"text,omitempty"`        // the state in words, with what would help; empty: ok
	Since  time.Time `json:"since,omitzero"`        // of a state other than ok; of ended, where it failed alone
	Files  []File    `json:"files,omitempty"`       // of tail: those that are read, the newest of each log first; at most FilesMost
	Others int       `json:"other_files,omitempty"` // of tail: further ones; of drop: files that wait

	LagBytes   int64     `json:"lag_bytes"`            // there to be read, and not accepted yet; of tail and drop
	LagSeconds float64   `json:"lag_seconds"`          // for how long the oldest of it has been there, as far as that is known
	LastLine   time.Time `json:"last_line,omitzero"`   // when the last line was accepted
	Silent     bool      `json:"silent"`               // no line for silent_after
	Open       int64     `json:"connections_open"`     // of sources that listen
	Refused    int64     `json:"connections_refused"`  // since the start
	Rejected   string    `json:"last_error,omitempty"` // why the last line went to quarantine

	Read        int64 `json:"lines_read"` // the sum of the next four
	Parsed      int64 `json:"lines_parsed"`
	Ignored     int64 `json:"lines_ignored"`
	Quarantined int64 `json:"lines_quarantined"`
	Incomplete  int64 `json:"lines_open"` // parts of messages whose rest is to come
	Events      int64 `json:"events"`
	Cut         int64 `json:"lines_cut"`       // over max_line
	Losses      int64 `json:"discontinuities"` // times when bytes were lost unread
	LostBytes   int64 `json:"lost_bytes"`      // at least so many
}

// FilesMost bounds Source.Files.
const FilesMost = 10

// File is a file that is read, and how far.
type File struct {
	Path     string    `json:"path"`
	Position int64     `json:"position"` // in bytes: everything before it is accepted
	Size     int64     `json:"size"`
	Changed  time.Time `json:"changed,omitzero"`
}
