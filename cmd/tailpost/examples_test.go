package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// wantedOf is what arrives by each example.
var wantedOf = map[string]trial.Wanted{
	"dropped-files":     {Lines: 3},
	"local-file":        {Lines: 8},
	"local-socket":      {Lines: 5},
	"outbound-event":    {Lines: 5},
	"pipe":              {Lines: 5},
	"quickstart":        {Posts: 3, Mails: 1},
	"rsyslog":           {Lines: 2},
	"sidecar":           {Lines: 4},
	"siem-export":       {Lines: 7},
	"pagerduty":         {Requests: 2, Answer: 202},
	"sendgrid":          {Requests: 3, Answer: 202},
	"servicenow":        {Requests: 4, Answer: 200},
	"slack":             {Requests: 4, Answer: 200},
	"splunk":            {Requests: 4, Answer: 200},
	"standard-webhooks": {Requests: 3, Answer: 204},
	"teams":             {Requests: 4, Answer: 202},
}

// elsewhere names, for a folder whose commands need more than the program, the
// test that proves it: its file, and its name.
var elsewhere = map[string][2]string{
	"docker-compose": {"e2e/container_test.go", "TestContainer"},
	"kubernetes":     {"../../examples/kubernetes_test.go", "TestKubernetes"},
	"systemd":        {"e2e/systemd_test.go", "TestSystemdUnit"},
	"monitoring":     {"e2e/monitoring_test.go", "TestMonitoring"},
}

// TestExamplesByTheirCommands runs the commands of each example's README with
// the real program, and looks at what arrived. A new folder must have an entry.
func TestExamplesByTheirCommands(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range entries {
		name := e.Name()
		want, here := wantedOf[name]
		other, there := elsewhere[name]
		switch {
		case !e.IsDir():
			continue
		case there:
			b, err := os.ReadFile(other[0])
			if err != nil || !strings.Contains(string(b), "\nfunc "+other[1]+"(") {
				t.Errorf("examples/%s: there is no test %q: %v", name, other, err)
			}
		case here:
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				trial.RunExample(t, filepath.Join("../../examples", name), want, func(p trial.Ports) string { return stands(t, p) })
			})
		default:
			t.Errorf("examples/%s: no test runs its commands", name)
		}
		seen++
	}
	if seen < len(wantedOf)+len(elsewhere) {
		t.Errorf("%d folders, and %d entries", seen, len(wantedOf)+len(elsewhere))
	}
}

// stands gives a directory of commands: the program, and stand-ins for curl and
// nc, so that none must be installed. (`make e2e` has the real ones.)
func stands(t *testing.T, ports trial.Ports) string {
	t.Helper()
	program, err := exec.LookPath("tailpost")
	if err != nil {
		t.Fatal(err)
	}
	dir := trial.Bin(t, program, ports)
	trial.Script(t, filepath.Join(dir, "curl"), `exec standin-curl "$@"`)
	trial.Script(t, filepath.Join(dir, "nc"), `exec standin-nc "$@"`)
	return dir
}
