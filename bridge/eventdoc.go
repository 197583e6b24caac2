package bridge

// FieldDoc describes a field of the canonical event, for people: its name is
// also a token's.
type FieldDoc struct {
	Name   string
	Doc    string   // one line
	Always bool     // it stands there even when it is empty
	Events []string // which session events may have it; none: all
}

// memberEvents are those that have a member's name and type.
var memberEvents = []string{EventMemberAdded, EventMemberDeparted}

// FieldDocs describes the canonical fields that are one value, in the order of
// the canonical JSON.
func FieldDocs() []FieldDoc {
	docs := map[string]FieldDoc{
		"id":              {Doc: "the event's id, 32 hex digits: the same after a crash, on another machine, or when it is sent again"},
		"event":           {Doc: "the event's name"},
		"version":         {Doc: "the version of the schema, as the input has it, else " + DefaultVersion},
		"timestamp":       {Doc: "when it originated, in Unix seconds"},
		"appliance_id":    {Doc: "the appliance: of the line, else the source's appliance_id, else the site"},
		"lsid":            {Doc: "the session's id"},
		"external_key":    {Doc: "the ticket's key; it may come in mid-session"},
		"site":            {Doc: "the appliance's host name, where the line has it"},
		"site_id":         {Doc: "the site's number in the appliance's syslog"},
		"conference_id":   {Doc: "the number of the queue or session concerned"},
		"conference_name": {Doc: "its name"},
		"name":            {Doc: "the member's display name", Events: memberEvents},
		"type":            {Doc: "the member's type, such as customer or representative", Events: memberEvents},
		"username":        {Doc: "the representative's login name"},
		"user_id":         {Doc: "the representative's number"},
		"display_name":    {Doc: "the representative's display name"},
		"gsnumber":        {Doc: "the member's number in the session"},
		"private_ip":      {Doc: "the member's address in its own network"},
		"public_ip":       {Doc: "the address that it comes from"},
		"hostname":        {Doc: "the member's machine"},
		"os":              {Doc: "its operating system"},
	}
	out := make([]FieldDoc, len(canonical))
	for i, c := range canonical {
		d := docs[c.name]
		d.Name, d.Always = c.name, c.always
		out[i] = d
	}
	return out
}
