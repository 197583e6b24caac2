package bridge

import "sort"

// Event is the canonical event: what the appliance's outbound event says,
// and what we know besides. Its JSON is described at AppendJSON.
type Event struct {
	ID          ID
	Name        string // "event": one of SessionEvents, or a raw event's own name
	Version     string // of the schema; never empty once ingest has stamped it
	Timestamp   int64  // Unix seconds at which it originated, not when it is sent
	ApplianceID string
	Session     string // "lsid": opaque; empty for raw events that have none
	ExternalKey string // the ticket's key; may come in mid-session

	Site, SiteID                  string
	ConferenceID, ConferenceName  string
	MemberName, MemberType        string // "name", "type": the member concerned, on member events only
	Username, UserID, DisplayName string
	GSNumber                      int64 // the member's number in the session; 0: none
	PrivateIP, PublicIP           string
	Hostname, OS                  string
	Survey                        []Answer
	Custom                        []Field // custom fields by code name
	Extra                         []Field // every other input field
	Source                        Origin

	// Places is where it came from: its line, or the lines of a message in
	// segments. It stands in the spool, not in the canonical JSON.
	Places []Place
}

// Answer is one answer of an exit survey.
type Answer struct {
	ID     string `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`
	Label  string `json:"label,omitempty"`
	Type   string `json:"type,omitempty"`
	Answer string `json:"answer"`
}

// Field is a named value of the input. A value that was no string in JSON
// input stands as compact JSON text, marked so.
type Field struct {
	Name, Value string
	JSON        bool // Value is JSON text of a number, boolean, null, array or object
}

// Origin says where an event comes from.
type Origin struct {
	Name   string // the source
	Format string
	Host   string // as the line's header has it
	Offset int64  // of the line that completed the event
}

// DefaultVersion is the schema version of events whose input names none. The
// vendor's own value is not public.
const DefaultVersion = "1"

// HasKey reports whether the session has a ticket key at this event.
func (e *Event) HasKey() bool { return e.ExternalKey != "" }

// Tokens lists the names of the canonical fields, for messages about an
// unknown one.
func Tokens() []string {
	out := make([]string, len(canonical))
	for i, c := range canonical {
		out[i] = c.name
	}
	return out
}

// Key is the answer's name, or its id where it has none.
func (a Answer) Key() string {
	if a.Name != "" {
		return a.Name
	}
	return a.ID
}

// SortFields puts fields in the order of the canonical JSON: by name.
func SortFields(fs []Field) {
	sort.SliceStable(fs, func(i, j int) bool { return fs[i].Name < fs[j].Name })
}
