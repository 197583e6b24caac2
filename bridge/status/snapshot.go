package status

import "time"

// Snapshot is how a bridge fares at one moment. Lists are sorted by name and
// never nil. A time that isn't known, or hasn't come, is zero, and absent from
// the JSON.
type Snapshot struct {
	Taken   time.Time `json:"taken"`
	Started time.Time `json:"started"`
	Version string    `json:"version"`
	Host    string    `json:"host,omitempty"`

	Ready    bool     `json:"ready"`               // data can flow, from every source
	NotReady []string `json:"not_ready,omitempty"` // why not, a line each
	Needs    []Need   `json:"needs"`               // what needs a person; empty: all is well

	Configuration Configuration `json:"configuration"`
	Sources       []Source      `json:"sources"`
	Recipients    []Recipient   `json:"recipients"`
	Forgotten     []Forgotten   `json:"forgotten,omitempty"` // who has dead letters, and is no recipient any longer
	Spool         Spool         `json:"spool"`
	Balance       Balance       `json:"balance"`
	Alerts        []Alert       `json:"alerts"`
	Relay         *Relay        `json:"relay,omitempty"`    // nil: no [smtp]
	Listener      *Listener     `json:"listener,omitempty"` // nil: no [admin] listen
	History       History       `json:"history"`
}

// Forgotten is a recipient that is gone, and left dead letters behind.
type Forgotten struct {
	Name    string `json:"name"`
	Letters int    `json:"dead_letters"` // on disk now
}

// Need is something that won't mend itself, or that somebody should see to.
type Need struct {
	Kind  string `json:"kind"`           // "recipient", "source", "spool", "balance", "configuration", "relay", "alert", "history", "listener"
	Name  string `json:"name,omitempty"` // of the recipient or source
	Text  string `json:"text"`           // what is wrong
	To    string `json:"do"`             // what to do: a command where there is one
	Grave bool   `json:"grave"`          // something is lost, or stands still; otherwise it is late
}

// Configuration is what the bridge runs with, and whether that is what the
// files say.
type Configuration struct {
	Path     string    `json:"path,omitempty"`
	Applied  time.Time `json:"applied"`            // when what runs came into force
	Refused  time.Time `json:"refused,omitzero"`   // since when what the files say is not in force; zero: it is
	Reasons  []string  `json:"reasons,omitempty"`  // why it isn't
	Restart  []string  `json:"restart,omitempty"`  // keys that take a restart, as the files have them
	Warnings []string  `json:"warnings,omitempty"` // as check prints them
}
