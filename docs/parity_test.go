package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/config"
)

// vendors lists the settings and behaviours of the vendor's two pages and of
// its webhook guide, as docs/parity.md has to name them: each begins a row.
var vendors = []string{
	// Outbound events, HTTP recipient: its settings.
	"Name (HTTP)", "URL", "Enabled (HTTP)", "Use a CA certificate", "Send custom fields", "Events to send (HTTP)",
	"Retry interval", "Retry duration (HTTP)", "Email contact", "Send email alert after", "Resend email alerts",
	// Its row on the page.
	"Disabled", "Status", "Queued events",
	// What it does.
	"POST of form fields", "The seven events", "The variables of an event", "timestamp is of the event, not of its sending",
	"external_key may come in mid-session", "name and type on member events", "Survey answers", "Custom fields' names",
	"Query of the URL", "Only 200 is success", "One failing event holds up all", "Dropped after the retry duration",
	"In order after an outage", "No mail if it succeeds in time", "Cloud: https on port 443 only",
	// Email recipient: its settings.
	"Enabled (email)", "Name (email)", "Email address", "Require external key", "Events to send (email)",
	"Subject", "Body", "Macros", "Current status", "Retry duration (email)",
	// The SMTP relay.
	"From address", "Relay host and port", "Encryption", "Relay user and password",
	// The webhook guide.
	"Webhook name", "Webhook URL", "Event of the webhook", "Content type", "Authentication type Custom", "Template",
	"Tokens without regard to case", "Values escaped for their place", "Test that posts the template", "202 is success",
}

var (
	backticked = regexp.MustCompile("`([^`]+)`")
	isKey      = regexp.MustCompile(`^[a-z_]+(\.[a-z0-9_]+)+$`)
	testRef    = regexp.MustCompile(`^([a-z][a-z0-9_/]*)\.((?:Test|Fuzz)\w+)(/.*)?$`)
)

// TestParity reads docs/parity.md: nothing of the vendor's is missing, each key
// is one that the checker knows, and each test exists.
func TestParity(t *testing.T) {
	text, err := os.ReadFile("parity.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := config.Keys()
	rows := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| setting") {
			continue
		}
		if len(cells) != 3 {
			t.Errorf("not three cells: %s", line)
			continue
		}
		name := strings.TrimSpace(cells[0])
		rows[name] = true
		for _, key := range backticked.FindAllStringSubmatch(cells[1], -1) {
			if k, _, _ := strings.Cut(key[1], " = "); isKey.MatchString(k) && !slices.Contains(keys, k) {
				t.Errorf("%s: no key %s", name, k)
			}
		}
		tests := backticked.FindAllStringSubmatch(cells[2], -1)
		if len(tests) == 0 {
			t.Errorf("%s: no test", name)
		}
		for _, ref := range tests {
			checkTest(t, name, ref[1])
		}
	}
	for _, want := range vendors {
		if !rows[want] {
			t.Errorf("no row for %s", want)
		}
	}
}

// checkTest looks for a test that is named by its package's folder.
func checkTest(t *testing.T, row, ref string) {
	m := testRef.FindStringSubmatch(ref)
	if m == nil {
		t.Errorf("%s: %s is not named as folder.TestName", row, ref)
		return
	}
	files, _ := filepath.Glob(filepath.Join("..", m[1], "*_test.go"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "\nfunc "+m[2]+"(") {
			return
		}
	}
	t.Errorf("%s: there is no %s in %s", row, m[2], m[1])
}
