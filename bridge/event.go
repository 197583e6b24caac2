package bridge

import (
	"sort"
	"strings"
)

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

// Token gives the value of the field that a %%name%% token means: a canonical
// field by its JSON name, an answer as survey_NAME (or survey_ID), a custom or
// extra field by its own name, in this order, names without regard to case.
func (e *Event) Token(name string) (string, bool) {
	for _, c := range canonical {
		if strings.EqualFold(c.name, name) {
			return c.get(e), true
		}
	}
	if rest, ok := cutPrefixFold(name, "survey_"); ok {
		for _, a := range e.Survey {
			if strings.EqualFold(a.Key(), rest) {
				return a.Answer, true
			}
		}
	}
	for _, fs := range [][]Field{e.Custom, e.Extra} {
		for _, f := range fs {
			if strings.EqualFold(f.Name, name) {
				return f.Value, true
			}
		}
	}
	return "", false
}

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

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}
