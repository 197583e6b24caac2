//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

const applianceConfig = `
[[sources.tail]]
name = "sessions"
path = "session.log"
format = "json"
start = "beginning"
appliance_id = "support.example.com"

[[recipients.http]]
name = "php"
profile = "appliance"
url = %q
retry_interval = "200ms"
send_custom_fields = true
`

// The hostile name of the vendor's own making: blanks, UTF-8 and all that
// means something in a form body.
const hostileName = `Zoë + Müller & Söhne = 1%20;"\`

// TestAppliance202IsNoSuccess: under the appliance's profile only 200 ends an
// event, and what stands behind it waits; PHP's form parser sees what the
// log said.
func TestAppliance202IsNoSuccess(t *testing.T) {
	php := startPHP(t, 202)
	p := trial.New(t, raceBinary, fmt.Sprintf(applianceConfig, php.url("/bomgar_event.php?action=SessionStart&x=a%20b+c&empty=")))
	p.Write("session.log", jsonLine(t, map[string]any{
		"event": "support_conference_member_added", "timestamp": firstTime, "lsid": strings.Repeat("a1", 16),
		"name": hostileName, "type": "customer", "display_name": hostileName,
	})+jsonLine(t, map[string]any{
		"event": "support_conference_end", "timestamp": firstTime + 9, "lsid": strings.Repeat("b2", 16),
		"external_key": "INC=10;A+&é", "custom": map[string]string{"cost.center": "4 2"},
	}))
	p.Start()

	first := php.await(4)[0]
	for i, r := range php.seen() {
		if r.Status != 202 || r.ID != first.ID || r.Raw != first.Raw {
			t.Fatalf("request %d after answers of 202 is %+v, want a repeat of %+v", i+1, r, first)
		}
	}
	php.answer(200)
	eventually(t, timeToArrive, "arrived: the second event", func() bool {
		all := php.seen()
		return all[len(all)-1].ID != first.ID
	})
	p.Stop()

	taken := map[string]int{}
	var last formRequest
	for _, r := range php.seen() {
		if r.Status == 200 {
			taken[r.ID]++
		}
		last = r
	}
	if len(taken) != 2 || taken[first.ID] != 1 || taken[last.ID] != 1 {
		t.Errorf("answered with 200, by id: %v; want each of two once", taken)
	}
	checkApplianceForm(t, first, map[string]string{
		"event": "support_conference_member_added", "version": "1", "timestamp": fmt.Sprint(firstTime),
		"appliance_id": "support.example.com", "lsid": strings.Repeat("a1", 16), "external_key": "",
		"name": hostileName, "type": "customer", "display_name": hostileName,
	})
	// PHP makes an underscore of a dot in a name; the body keeps it. The six
	// fixed names have neither dots nor blanks.
	checkApplianceForm(t, last, map[string]string{
		"event": "support_conference_end", "version": "1", "timestamp": fmt.Sprint(firstTime + 9),
		"appliance_id": "support.example.com", "lsid": strings.Repeat("b2", 16), "external_key": "INC=10;A+&é",
		"cost_center": "4 2",
	})
	if !strings.Contains(last.Raw, "cost.center=4") {
		t.Errorf("the custom field's own name is not in the body %q", last.Raw)
	}
}

func checkApplianceForm(t *testing.T, r formRequest, want map[string]string) {
	t.Helper()
	if !maps.Equal(r.Post, want) {
		t.Errorf("PHP's $_POST is %q\nwant %q\nof the body %q", r.Post, want, r.Raw)
	}
	wantGet := map[string]string{"action": "SessionStart", "x": "a b c", "empty": ""}
	if r.Method != "POST" || r.Query != "action=SessionStart&x=a%20b+c&empty=" || !maps.Equal(r.Get, wantGet) {
		t.Errorf("%s with the query %q, $_GET %q; want POST with the query as configured", r.Method, r.Query, r.Get)
	}
}
