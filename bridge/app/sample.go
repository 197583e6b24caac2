package app

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/ingest"
)

// sampleMark begins the ids and sessions of samples; random digits follow.
// Real ids are hashes: one in 2^64 begins so.
var sampleMark = [8]byte{6: 0x7e, 7: 0x57}

// sampleText stands in a sample wherever there is a name.
const sampleText = "Tailpost test"

// SampleKey is the external key of samples.
const SampleKey = "TAILPOST-TEST"

// Sample gives an event of that name that nothing has happened for. Its id and
// its session begin with 0000000000007e57, names in it are "Tailpost test",
// and extra.test is true. Each has an id of its own, so that receivers that
// know ids don't take it for a repeat. A name that is none of the seven gives a
// raw event.
func Sample(c *config.Config, name string) bridge.Event {
	e := bridge.Event{
		ID: sampleID(), Name: name, Version: bridge.DefaultVersion, Timestamp: time.Now().Unix(),
		ApplianceID: appliance(c), ExternalKey: SampleKey,
		Source: bridge.Origin{Name: sampleText, Format: "json"},
	}
	e.Session = e.ID.String()
	switch name {
	case bridge.EventMemberAdded, bridge.EventMemberDeparted:
		e.MemberName, e.MemberType = sampleText, "representative"
		e.Username, e.DisplayName, e.UserID, e.GSNumber = "tailpost-test", sampleText, "0", 1
	case bridge.EventOwnerChanged:
		e.Username, e.DisplayName, e.UserID = "tailpost-test", sampleText, "0"
		e.ConferenceName, e.ConferenceID = sampleText, "0"
	case bridge.EventCustomerSurvey, bridge.EventRepSurvey:
		e.Survey = []bridge.Answer{{ID: "0", Name: "comment", Label: "Comment", Type: "textarea", Answer: sampleText}}
	}
	MarkSample(&e)
	return e
}

// MarkSample marks an event that somebody wrote for a test: extra.test is
// true, and an id and a session that are missing are a sample's.
func MarkSample(e *bridge.Event) {
	if e.ID == (bridge.ID{}) {
		e.ID = sampleID()
	}
	if e.Session == "" && bridge.IsSessionEvent(e.Name) {
		e.Session = e.ID.String()
	}
	for _, f := range e.Extra {
		if f.Name == "test" {
			return
		}
	}
	e.Extra = append(e.Extra, bridge.Field{Name: "test", Value: "true", JSON: true})
	bridge.SortFields(e.Extra)
}

func sampleID() (id bridge.ID) {
	copy(id[:], sampleMark[:])
	_, _ = rand.Read(id[len(sampleMark):]) // never fails
	return id
}

// appliance gives an appliance that receivers may know.
func appliance(c *config.Config) string {
	for _, s := range c.Sources() {
		if id := ingestOf(s).ApplianceID; id != "" {
			return id
		}
	}
	return "tailpost-test"
}

func ingestOf(s config.Item) ingest.Options {
	switch s := s.What.(type) {
	case config.TailSource:
		return s.Ingest
	case config.DropSource:
		return s.Ingest
	case config.HTTPSource:
		return s.Ingest
	case config.SocketSource:
		return s.Ingest
	case config.SyslogSource:
		return s.Ingest
	case config.StdinSource:
		return s.Ingest
	}
	return ingest.Options{}
}

// SampleName chooses which event a recipient is tried with: the first one that
// it asked for by name.
func SampleName(c *config.Config, recipient string) string {
	if p := c.Policy(recipient); p != nil {
		for _, e := range p.Events {
			if e != "*" {
				return e
			}
		}
	}
	return bridge.EventEnd
}

// SampleNotes says what keeps an event like this from the recipient in the
// bridge.
func SampleNotes(conf *config.Config, recipient string, e *bridge.Event) (notes []string) {
	p := conf.Policy(recipient)
	if p == nil {
		return nil
	}
	switch {
	case !p.Enabled:
		notes = append(notes, "the bridge sends nothing to this recipient: enabled = false")
	case p.Paused:
		notes = append(notes, "the bridge keeps what this recipient would get: paused = true")
	}
	filter, err := p.Filter()
	if err != nil {
		return notes
	}
	head, err := bridge.ParseHead(e.AppendWire(nil))
	if err != nil {
		return notes
	}
	if v := filter.Verdict(head); !v.Asked() {
		notes = append(notes, fmt.Sprintf("the bridge would not send such an event to this recipient: %s", v.Refused))
	}
	return notes
}

// ReadSample reads an event as its canonical JSON has it, and marks it.
func ReadSample(b []byte) (bridge.Event, error) {
	e, err := bridge.DecodeEvent(b)
	if err != nil {
		return e, sampleError(err)
	}
	if e.Name == "" {
		return e, fmt.Errorf("it names no event: %q is missing", "event")
	}
	if e.Version == "" {
		e.Version = bridge.DefaultVersion
	}
	if e.Timestamp == 0 {
		e.Timestamp = time.Now().Unix()
	}
	MarkSample(&e)
	return e, nil
}

// sampleError says in a person's words what is wrong with the JSON.
func sampleError(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Errorf("it is a JSON %s; an event is one JSON object", kind.Value)
	case errors.As(err, &kind):
		want := "text"
		switch kind.Type.Kind() {
		case reflect.Int64:
			want = "a whole number"
		case reflect.Slice:
			want = "a list"
		case reflect.Struct, reflect.Map:
			want = "an object"
		}
		return fmt.Errorf("%q is a JSON %s, and must be %s", kind.Field, kind.Value, want)
	case errors.As(err, &syntax):
		return fmt.Errorf("it is no JSON at byte %d: %w", syntax.Offset, err)
	}
	return err
}
