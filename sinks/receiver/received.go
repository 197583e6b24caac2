package receiver

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// The kinds of what is received.
const (
	KindHTTP = "http"
	KindSMTP = "smtp"
)

// Received is one request or mail, whatever it was answered.
type Received struct {
	Kind   string
	Time   time.Time
	ID     string         // webhook-id, or X-Tailpost-Id; "": none
	Event  string         // the event's name; "": none was found
	Fields []bridge.Field // the form's or the JSON object's, in their order; none for mail
	Header http.Header    // the request's, or the mail's, decoded
	Body   []byte         // as it came; 1 MiB at most
	Text   string         // the mail's text, decoded
	HTML   string         // the same as HTML; "": the mail has none
	Status int            // what was answered

	Path          string // with its query; http
	From, Subject string // mail
	To            []string
	TLS           bool
	User          string // who logged in; mail
}

// OK reports whether it was taken.
func (r *Received) OK() bool { return r.Status >= 200 && r.Status < 300 }

// Field gives the value of a field, and whether there is one.
func (r *Received) Field(name string) (string, bool) {
	for _, f := range r.Fields {
		if f.Name == name {
			return f.Value, true
		}
	}
	return "", false
}

// parse finds the event in a request's body. A body that is neither a form
// nor a JSON object has no fields.
func (r *Received) parse() {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch strings.TrimSpace(strings.ToLower(kind)) {
	case "application/x-www-form-urlencoded":
		r.Fields = formFields(string(r.Body))
	case "application/json":
		r.Fields, _ = jsonFields(r.Body)
	}
	r.Event, _ = r.Field("event")
	if r.ID == "" {
		r.ID, _ = r.Field("id")
	}
}

// formFields gives a form's variables in the order of the body. What can't be
// decoded stands as it came.
func formFields(body string) []bridge.Field {
	var fs []bridge.Field
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		fs = append(fs, bridge.Field{Name: unescape(name), Value: unescape(value)})
	}
	return fs
}

func unescape(s string) string {
	if v, err := url.QueryUnescape(s); err == nil {
		return v
	}
	return s
}

// jsonFields gives an object's members in their order.
func jsonFields(body []byte) ([]bridge.Field, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, err
	}
	var fs []bridge.Field
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return fs, err
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return fs, err
		}
		f, err := bridge.JSONField(name.(string), v)
		if err != nil {
			return fs, err
		}
		fs = append(fs, f)
	}
	return fs, nil
}
