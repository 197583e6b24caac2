package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync"
	"testing"
)

// sendgrid is the shape of the vendor's webhook guide: an application request
// becomes a mail by SendGrid's /v3/mail/send, which answers 202.
const sendgrid = `
[[sources.stdin]]
name = "in"
format = "json"
appliance_id = "support.example.com"
[[recipients.http]]
name = "sendgrid"
events = ["JIT Application Access Ticket Created"]
body = "template"
authorization = "Bearer SG.x"
template = '''
{
  "personalizations": [{"to": [{"email": "approvers@example.com"}]}],
  "from": {"email": "tailpost@example.com"},
  "subject": "%%User%% on %%HostName%% asks for %%ProductDescription%%",
  "content": [{"type": "text/plain", "value": "%%Reason%%\nRequest %%RequestId%%, trusted owner: %%trustedOwnership%%, approver: %%data.approver.name%%"}],
  "custom_args": {"at": %%Timestamp%%, "unix": %%timestamp%%, "uac": %%UacTriggered%%, "ticket": %%TicketNumber%%}
}'''
`

// TestApplicationRequestByTemplate: a line of an application request goes
// through the whole bridge, and arrives as the template says, with all its
// fields as data.
func TestApplicationRequestByTemplate(t *testing.T) {
	var mu sync.Mutex
	var got []map[string]any
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var mail map[string]any
		b, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(b, &mail)
		}
		if err != nil || r.URL.Path != "/v3/mail/send" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Authorization") != "Bearer SG.x" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, mail)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(srv.Close)
	s := startSite(t, sendgrid+"url = \""+srv.URL+"/v3/mail/send\"\n")
	line, err := json.Marshal(map[string]any{
		"event": "JIT Application Access Ticket Created", "Timestamp": "2025-09-10T14:08:07Z", "timestamp": 1757513287,
		"RequestId": "8f0e", "User": `CORP\jdoe`, "HostName": "PC-9", "ProductDescription": `7-Zip "File Manager"`,
		"Reason": "I need it\r\nfor %%RequestId%% at C:\\Program Files\\7-Zip", "TrustedOwnership": "true", "UacTriggered": true,
		"data": map[string]any{"approver": map[string]any{"name": "Zoë"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.in, append(line, '\n'))
	s.until("the mail", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(got) > 0
	})
	var want map[string]any
	if err := json.Unmarshal([]byte(`{
		"personalizations": [{"to": [{"email": "approvers@example.com"}]}],
		"from": {"email": "tailpost@example.com"},
		"subject": "CORP\\jdoe on PC-9 asks for 7-Zip \"File Manager\"",
		"content": [{"type": "text/plain", "value": "I need it\r\nfor %%RequestId%% at C:\\Program Files\\7-Zip\nRequest 8f0e, trusted owner: true, approver: Zoë"}],
		"custom_args": {"at": "2025-09-10T14:08:07Z", "unix": 1757513287, "uac": true, "ticket": null}
	}`), &want); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("got  %v\nwant %v", got[0], want)
	}
}
