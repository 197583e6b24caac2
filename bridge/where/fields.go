package where

import "github.com/tailpost/tailpost/bridge"

// fields is an event as an expression sees it.
type fields struct {
	ID             string `expr:"id"`
	Event          string `expr:"event"`
	Version        string `expr:"version"`
	Timestamp      int64  `expr:"timestamp"`
	ApplianceID    string `expr:"appliance_id"`
	Session        string `expr:"lsid"`
	ExternalKey    string `expr:"external_key"`
	Site           string `expr:"site"`
	SiteID         string `expr:"site_id"`
	ConferenceID   string `expr:"conference_id"`
	ConferenceName string `expr:"conference_name"`
	Name           string `expr:"name"`
	Type           string `expr:"type"`
	Username       string `expr:"username"`
	UserID         string `expr:"user_id"`
	DisplayName    string `expr:"display_name"`
	GSNumber       int64  `expr:"gsnumber"`
	PrivateIP      string `expr:"private_ip"`
	PublicIP       string `expr:"public_ip"`
	Hostname       string `expr:"hostname"`
	OS             string `expr:"os"`

	Custom map[string]string `expr:"custom"`
	Extra  map[string]string `expr:"extra"`
	Survey map[string]string `expr:"survey"` // by name, else by id; of two with one name the first
}

// tables are the fields that are asked for a name in brackets.
var tables = []string{"custom", "extra", "survey"}

// fields gives the event's values, of what is costly only what is used.
func (x *Expr) fields(e *bridge.Event) *fields {
	f := &fields{
		Event: cut(e.Name), Version: cut(e.Version), Timestamp: e.Timestamp, ApplianceID: cut(e.ApplianceID),
		Session: cut(e.Session), ExternalKey: cut(e.ExternalKey), Site: cut(e.Site), SiteID: cut(e.SiteID),
		ConferenceID: cut(e.ConferenceID), ConferenceName: cut(e.ConferenceName), Name: cut(e.MemberName),
		Type: cut(e.MemberType), Username: cut(e.Username), UserID: cut(e.UserID), DisplayName: cut(e.DisplayName),
		GSNumber: e.GSNumber, PrivateIP: cut(e.PrivateIP), PublicIP: cut(e.PublicIP), Hostname: cut(e.Hostname), OS: cut(e.OS),
	}
	if x.used["id"] {
		f.ID = e.ID.String()
	}
	if x.used["custom"] {
		f.Custom = table(e.Custom)
	}
	if x.used["extra"] {
		f.Extra = table(e.Extra)
	}
	if x.used["survey"] {
		f.Survey = make(map[string]string, len(e.Survey))
		for _, a := range e.Survey {
			if _, there := f.Survey[a.Key()]; !there {
				f.Survey[a.Key()] = cut(a.Answer)
			}
		}
	}
	return f
}

func table(fs []bridge.Field) map[string]string {
	m := make(map[string]string, len(fs))
	for _, f := range fs {
		if _, there := m[f.Name]; !there {
			m[f.Name] = cut(f.Value)
		}
	}
	return m
}

func cut(s string) string { return s[:min(len(s), valueMax)] }
