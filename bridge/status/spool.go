package status

import "time"

// Spool is how the spool fares.
type Spool struct {
	Dir      string `json:"dir"`
	Bytes    int64  `json:"bytes"`     // of segments and journal
	Wanted   int64  `json:"wanted"`    // of them, what can't be deleted yet; the journal and space that is taken in advance, too
	Held     int64  `json:"held"`      // of those, what events hold that somebody waits for, and what lies between them
	MaxBytes int64  `json:"max_bytes"` // what they may become
	Free     int64  `json:"free"`      // on the file system; below 0: it can't be asked, and MinFree says nothing
	MinFree  int64  `json:"min_free"`
	Segments int    `json:"segments"`
	Oldest   string `json:"oldest_segment,omitempty"` // its name
	Holder   string `json:"holder,omitempty"`         // the recipient that wants the oldest segment
	Parked   int    `json:"parked"`                   // over all recipients

	Full           string `json:"full,omitempty"`            // why no lines are taken, though the disk is sound
	NoSpace        bool   `json:"no_space,omitempty"`        // Full because of the file system, not of max_bytes
	Failing        string `json:"failing,omitempty"`         // why nothing can be written
	JournalFailing string `json:"journal_failing,omitempty"` // why outcomes can't be recorded

	DamagedRanges int   `json:"damaged_ranges"` // stretches of bytes that can't be read, since the start
	DamagedBytes  int64 `json:"damaged_bytes"`
	DeadBytes     int64 `json:"dead_bytes"`       // of dead letters
	LineBytes     int64 `json:"quarantine_bytes"` // of quarantined lines whose segments are gone
	Expired       int   `json:"expired_files"`    // of dead letters and lines, since the start: too old, or too many
}

// Balance is whether the sums fit.
type Balance struct {
	Fits     bool      `json:"fits"`
	Checked  time.Time `json:"checked,omitzero"` // zero: not yet, and Fits is true
	Problems []string  `json:"problems"`
}

// Alert is one alert that lasts, or that not everybody was told of yet.
type Alert struct {
	Alert     string    `json:"alert"` // such as "failing", "dead letters", "silent"
	Recipient string    `json:"recipient,omitempty"`
	Source    string    `json:"source,omitempty"`
	Lasts     bool      `json:"lasts"`
	Since     time.Time `json:"since,omitzero"`
	Error     string    `json:"error,omitempty"`
	Mails     int       `json:"mails"`              // that it lasts
	URLs      int       `json:"alert_urls"`         // so many times alert_url was told
	NotSent   []string  `json:"not_sent,omitempty"` // a way that failed, and why
}

// Relay is the mail server.
type Relay struct {
	Server string    `json:"server"` // host and port
	Text   string    `json:"text"`   // what it last said; "not tried", "OK"
	OK     bool      `json:"ok"`     // it took the last mail
	At     time.Time `json:"at,omitzero"`
}

// Listener is the admin listener: who asks for health, metrics and the page over
// HTTP. Data flows without it, too.
type Listener struct {
	Address string    `json:"address"`
	Failing string    `json:"failing,omitempty"` // why it doesn't listen
	Since   time.Time `json:"since,omitzero"`    // since when
}

// History is the ring of attempts behind why and the page.
type History struct {
	Kept    int    `json:"kept"`              // attempts, since the start
	Dropped int    `json:"dropped"`           // that found no room
	Failing string `json:"failing,omitempty"` // why nothing can be written
}
