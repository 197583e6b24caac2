package bridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// eventJSON is the shape that AppendJSON writes.
type eventJSON struct {
	ID             ID                         `json:"id"`
	Name           string                     `json:"event"`
	Version        string                     `json:"version"`
	Timestamp      int64                      `json:"timestamp"`
	ApplianceID    string                     `json:"appliance_id"`
	Session        string                     `json:"lsid"`
	ExternalKey    string                     `json:"external_key"`
	Site           string                     `json:"site"`
	SiteID         string                     `json:"site_id"`
	ConferenceID   string                     `json:"conference_id"`
	ConferenceName string                     `json:"conference_name"`
	MemberName     string                     `json:"name"`
	MemberType     string                     `json:"type"`
	Username       string                     `json:"username"`
	UserID         string                     `json:"user_id"`
	DisplayName    string                     `json:"display_name"`
	GSNumber       int64                      `json:"gsnumber"`
	PrivateIP      string                     `json:"private_ip"`
	PublicIP       string                     `json:"public_ip"`
	Hostname       string                     `json:"hostname"`
	OS             string                     `json:"os"`
	Survey         []Answer                   `json:"survey"`
	Custom         map[string]json.RawMessage `json:"custom"`
	Extra          map[string]json.RawMessage `json:"extra"`
	Source         struct {
		Name   string `json:"name"`
		Format string `json:"format"`
		Host   string `json:"host"`
		Offset int64  `json:"offset"`
	} `json:"source"`
}

// DecodeEvent reads what AppendJSON wrote.
func DecodeEvent(b []byte) (Event, error) {
	if e, ok := scanEvent(b); ok {
		return e, nil
	}
	return decodeEvent(b)
}

// decodeEvent is DecodeEvent by the standard library.
func decodeEvent(b []byte) (Event, error) {
	var j eventJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return Event{}, fmt.Errorf("decode event: %w", err)
	}
	custom, err := decodeFields(j.Custom)
	if err != nil {
		return Event{}, fmt.Errorf("decode event: custom: %w", err)
	}
	extra, err := decodeFields(j.Extra)
	if err != nil {
		return Event{}, fmt.Errorf("decode event: extra: %w", err)
	}
	if len(j.Survey) == 0 {
		j.Survey = nil
	}
	return Event{
		ID: j.ID, Name: j.Name, Version: j.Version, Timestamp: j.Timestamp, ApplianceID: j.ApplianceID,
		Session: j.Session, ExternalKey: j.ExternalKey, Site: j.Site, SiteID: j.SiteID,
		ConferenceID: j.ConferenceID, ConferenceName: j.ConferenceName,
		MemberName: j.MemberName, MemberType: j.MemberType,
		Username: j.Username, UserID: j.UserID, DisplayName: j.DisplayName, GSNumber: j.GSNumber,
		PrivateIP: j.PrivateIP, PublicIP: j.PublicIP, Hostname: j.Hostname, OS: j.OS,
		Survey: j.Survey, Custom: custom, Extra: extra,
		Source: Origin{Name: j.Source.Name, Format: j.Source.Format, Host: j.Source.Host, Offset: j.Source.Offset},
	}, nil
}

func decodeFields(m map[string]json.RawMessage) ([]Field, error) {
	if len(m) == 0 {
		return nil, nil
	}
	fs := make([]Field, 0, len(m))
	for k, v := range m {
		f, err := JSONField(k, v)
		if err != nil {
			return nil, err
		}
		fs = append(fs, f)
	}
	SortFields(fs)
	return fs, nil
}

// JSONField makes a field of a JSON value: a string's text, or any other
// value's compact JSON. Bytes that are no UTF-8 become U+FFFD.
func JSONField(name string, v json.RawMessage) (Field, error) {
	if len(v) > 0 && v[0] == '"' {
		var s string
		if err := json.Unmarshal(v, &s); err != nil {
			return Field{}, fmt.Errorf("field %q: %w", name, err)
		}
		return Field{Name: name, Value: s}, nil
	}
	var c bytes.Buffer
	if err := json.Compact(&c, v); err != nil {
		return Field{}, fmt.Errorf("field %q: %w", name, err)
	}
	return Field{Name: name, Value: strings.ToValidUTF8(c.String(), "\uFFFD"), JSON: true}, nil
}
