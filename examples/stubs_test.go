package examples

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// stub stands for a service: it refuses what the real one refuses.
type stub struct {
	// judge gives the answer to a request, and its body.
	judge func(r *http.Request, body []byte) (status int, text string)
	limit int // of a body, in bytes; 0: none

	mu      sync.Mutex
	busy    int // as many requests are answered 429 at first
	taken   []string
	refused []string // status and text of the others, but for 429
	late    time.Time
	early   int // requests before Retry-After was over
}

const (
	retryAfter = time.Second    // what a 429 says
	underWay   = retryAfter / 4 // requests that come so soon had begun before
)

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if left := time.Until(s.late); left > 0 && left < retryAfter-underWay {
		s.early++
	}
	if s.busy > 0 {
		s.busy--
		s.late = time.Now().Add(retryAfter)
		w.Header().Set("Retry-After", "1")
		http.Error(w, "rate_limited", http.StatusTooManyRequests)
		return
	}
	status, text := s.judge(r, body)
	switch {
	case r.Method != http.MethodPost:
		status, text = http.StatusMethodNotAllowed, "POST only"
	case s.limit > 0 && len(body) > s.limit:
		status, text = http.StatusRequestEntityTooLarge, "too large"
	}
	if status/100 == 2 {
		s.taken = append(s.taken, string(body))
	} else {
		s.refused = append(s.refused, fmt.Sprintf("%d %s", status, text))
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// got gives what was taken, and what was refused.
func (s *stub) got() (taken, refused []string, early int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.taken...), append([]string(nil), s.refused...), s.early
}

func isJSON(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "application/json"
}

// slack is an incoming webhook of Slack.
//
// The errors and their texts: https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
// and https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
// (no_text where a message has neither text nor blocks). One message a second,
// 429 with Retry-After: https://docs.slack.dev/apis/web-api/rate-limits.
// At most 50 blocks, 10 fields of a section, 2,000 characters of a field and
// 3,000 of a section's text: https://docs.slack.dev/reference/block-kit/blocks/section-block
// (invalid_blocks).
func slack(r *http.Request, body []byte) (int, string) {
	var m struct {
		Text   string `json:"text"`
		Blocks []struct {
			Type   string      `json:"type"`
			Text   *slackText  `json:"text"`
			Fields []slackText `json:"fields"`
		} `json:"blocks"`
	}
	if !isJSON(r) || json.Unmarshal(body, &m) != nil {
		return http.StatusBadRequest, "invalid_payload"
	}
	if m.Text == "" && len(m.Blocks) == 0 {
		return http.StatusBadRequest, "no_text"
	}
	for _, b := range m.Blocks {
		bad := b.Type != "section" || b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > 10 ||
			b.Text != nil && !b.Text.fits(3000)
		for _, f := range b.Fields {
			bad = bad || !f.fits(2000)
		}
		if bad || len(m.Blocks) > 50 {
			return http.StatusBadRequest, "invalid_blocks"
		}
	}
	if len(r.URL.Path) < len("/services/T/B/X") {
		return http.StatusNotFound, "no_service"
	}
	return http.StatusOK, "ok"
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func (t slackText) fits(most int) bool {
	n := utf8.RuneCountInString(t.Text)
	return (t.Type == "plain_text" || t.Type == "mrkdwn") && n > 0 && n <= most
}

// teams is a workflow that begins with a Teams webhook request.
//
// The shape of the message and the card: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
// 28 KB a message and four requests a second: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
// 202 is what a workflow without an answer of its own gives, and it wants its
// signature (sig) in the query: https://learn.microsoft.com/azure/connectors/connectors-native-reqres
func teams(r *http.Request, body []byte) (int, string) {
	var m struct {
		Type        string `json:"type"`
		Attachments []struct {
			ContentType string `json:"contentType"`
			Content     struct {
				Type    string            `json:"type"`
				Version string            `json:"version"`
				Body    []json.RawMessage `json:"body"`
			} `json:"content"`
		} `json:"attachments"`
	}
	switch {
	case r.URL.Query().Get("sig") == "" || r.URL.Query().Get("api-version") == "":
		return http.StatusUnauthorized, "DirectApiAuthorizationRequired"
	case !isJSON(r) || json.Unmarshal(body, &m) != nil:
		return http.StatusBadRequest, "InvalidRequestContent"
	case m.Type != "message" || len(m.Attachments) == 0:
		return http.StatusBadRequest, "no attachments"
	}
	for _, a := range m.Attachments {
		if a.ContentType != "application/vnd.microsoft.card.adaptive" || a.Content.Type != "AdaptiveCard" || a.Content.Version == "" || len(a.Content.Body) == 0 {
			return http.StatusBadRequest, "no adaptive card"
		}
	}
	return http.StatusAccepted, ""
}

const teamsMost = 28 << 10

// sendgrid is SendGrid's /v3/mail/send.
//
// The required members and their messages: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors
// 401 and the shape of an error: https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/errors
// 202 for a mail that is taken, 30 MB at most: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations
// That 429 has a Retry-After is ours: SendGrid names X-RateLimit-Reset.
func sendgrid(r *http.Request, body []byte) (int, string) {
	type address struct {
		Email string `json:"email"`
	}
	var m struct {
		Personalizations []struct {
			To      []address `json:"to"`
			Subject string    `json:"subject"`
		} `json:"personalizations"`
		From    *address `json:"from"`
		Subject string   `json:"subject"`
		Content []struct {
			Type  string `json:"type"`
			Value string `json:"value"`
		} `json:"content"`
	}
	refuse := func(field, message string) (int, string) {
		b, _ := json.Marshal(map[string]any{"errors": []any{map[string]any{"field": field, "message": message}}})
		return http.StatusBadRequest, string(b)
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); !ok || !strings.HasPrefix(token, "SG.") {
		return http.StatusUnauthorized, `{"errors":[{"message":"The provided authorization grant is invalid, expired, or revoked"}]}`
	}
	switch {
	case r.URL.Path != "/v3/mail/send":
		return http.StatusNotFound, ""
	case !isJSON(r):
		return http.StatusUnsupportedMediaType, ""
	case json.Unmarshal(body, &m) != nil:
		return refuse("", "Bad Request")
	case len(m.Personalizations) == 0 || len(m.Personalizations[0].To) == 0 || m.Personalizations[0].To[0].Email == "":
		return refuse("personalizations", "You must have at least one personalization.")
	case m.From == nil || !strings.Contains(m.From.Email, "@"):
		return refuse("from.email", "The from object must be provided for every email send.")
	case m.Subject == "" && m.Personalizations[0].Subject == "":
		return refuse("subject", "The subject is required.")
	case len(m.Content) == 0 || m.Content[0].Type == "" || m.Content[0].Value == "":
		return refuse("content.0.value", "The content value must be a string at least one character in length.")
	}
	return http.StatusAccepted, ""
}

// pagerDuty is PagerDuty's Events API v2: an event is queued by 202, or 400
// says what is wrong with it.
//
// The members, their lengths, 512 KB an event, 202, 400 and 429:
// https://developer.pagerduty.com/docs/send-alert-event and
// https://github.com/PagerDuty/developer-docs/blob/main/docs/events-API-v2/02-Trigger-Events.md
func pagerDuty(r *http.Request, body []byte) (int, string) {
	var e struct {
		RoutingKey string `json:"routing_key"`
		Action     string `json:"event_action"`
		DedupKey   string `json:"dedup_key"`
		Payload    *struct {
			Summary  string `json:"summary"`
			Source   string `json:"source"`
			Severity string `json:"severity"`
		} `json:"payload"`
	}
	refuse := func(what string) (int, string) {
		return http.StatusBadRequest, `{"status":"invalid event","message":"Event object is invalid","errors":["` + what + `"]}`
	}
	switch {
	case r.URL.Path != "/v2/enqueue":
		return http.StatusNotFound, ""
	case !isJSON(r) || json.Unmarshal(body, &e) != nil:
		return refuse("JSON")
	case len(e.RoutingKey) != 32:
		return refuse("routing_key")
	case utf8.RuneCountInString(e.DedupKey) > 255:
		return refuse("dedup_key")
	case e.Action == "resolve" || e.Action == "acknowledge":
		if e.DedupKey == "" {
			return refuse("dedup_key")
		}
		return http.StatusAccepted, `{"status":"success"}`
	case e.Action != "trigger":
		return refuse("event_action")
	case e.Payload == nil || e.Payload.Summary == "" || utf8.RuneCountInString(e.Payload.Summary) > 1024:
		return refuse("payload.summary")
	case e.Payload.Source == "":
		return refuse("payload.source")
	case !slices.Contains([]string{"critical", "error", "warning", "info"}, e.Payload.Severity):
		return refuse("payload.severity")
	}
	return http.StatusAccepted, `{"status":"success"}`
}

// splunk is Splunk's HTTP Event Collector.
//
// The header: https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector
// The answers and their codes: https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
func splunk(r *http.Request, body []byte) (int, string) {
	var e struct {
		Time  json.Number     `json:"time"`
		Event json.RawMessage `json:"event"`
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Splunk ")
	switch {
	case r.URL.Path != "/services/collector/event":
		return http.StatusNotFound, `{"text":"The requested URL was not found on this server.","code":404}`
	case !ok:
		return http.StatusUnauthorized, `{"text":"Token is required","code":2}`
	case token != "11111111-2222-3333-4444-555555555555":
		return http.StatusForbidden, `{"text":"Invalid token","code":4}`
	case len(body) == 0:
		return http.StatusBadRequest, `{"text":"No data","code":5}`
	case json.Unmarshal(body, &e) != nil:
		return http.StatusBadRequest, `{"text":"Invalid data format","code":6}`
	case e.Event == nil:
		return http.StatusBadRequest, `{"text":"Event field is required","code":12}`
	case string(e.Event) == `""`:
		return http.StatusBadRequest, `{"text":"Event field cannot be blank","code":13}`
	}
	return http.StatusOK, `{"text":"Success","code":0}`
}

// serviceNow is an instance with the vendor's integration and an import set.
func serviceNow(r *http.Request, body []byte) (int, string) {
	switch {
	case r.URL.Path == "/bomgar_event.do":
		return integration(r, body)
	case strings.HasPrefix(r.URL.Path, "/api/now/import/"):
		return importSet(r, body)
	}
	return http.StatusNotFound, ""
}

// integration is the vendor's integration in ServiceNow: a processor that takes
// the outbound event as it is, with a token in the query, and calls for the
// variables that each event has.
//
// The token's name: https://www.beyondtrust.com/docs/remote-support/how-to/integrations/servicenow-csm/sn-configure.htm
// That it answers 500 without a variable is ours.
func integration(r *http.Request, body []byte) (int, string) {
	form, err := url.ParseQuery(string(body))
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.URL.Query().Get("outbound_event_token") != "example-token":
		return http.StatusForbidden, "token"
	case kind != "application/x-www-form-urlencoded" || err != nil:
		return http.StatusUnsupportedMediaType, "no form"
	}
	for _, name := range []string{"event", "version", "timestamp", "appliance_id", "lsid", "external_key"} {
		if !form.Has(name) {
			return http.StatusInternalServerError, name + " is missing"
		}
	}
	return http.StatusOK, ""
}

// signed is a receiver of Standard Webhooks: the official library verifies the
// signature and refuses a time that is five minutes off.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func signed(r *http.Request, body []byte) (int, string) {
	secret, err := os.ReadFile("standard-webhooks/secret")
	if err != nil {
		return http.StatusInternalServerError, err.Error()
	}
	wh, err := standardwebhooks.NewWebhook(strings.TrimSpace(string(secret)))
	if err != nil {
		return http.StatusInternalServerError, err.Error()
	}
	if err := wh.Verify(body, r.Header); err != nil {
		return http.StatusUnauthorized, err.Error()
	}
	return http.StatusNoContent, ""
}

// importSet is ServiceNow's Import Set API.
//
// 201 with the record, basic authentication: https://www.servicenow.com/docs/r/api-reference/rest-apis/c_ImportSetAPI.html
// 429: https://www.servicenow.com/docs/bundle/australia-api-reference/page/integrate/inbound-rest/concept/inbound-REST-API-rate-limiting.html
func importSet(r *http.Request, body []byte) (int, string) {
	var record map[string]string
	user, password, ok := r.BasicAuth()
	switch {
	case !ok || user != "tailpost" || password != "example-password":
		return http.StatusUnauthorized, `{"error":{"message":"User Not Authenticated"},"status":"failure"}`
	case !isJSON(r):
		return http.StatusUnsupportedMediaType, ""
	case json.Unmarshal(body, &record) != nil || len(record) == 0:
		return http.StatusBadRequest, `{"error":{"message":"Exception while reading request"},"status":"failure"}`
	}
	return http.StatusCreated, `{"import_set":"ISET0010001"}`
}
