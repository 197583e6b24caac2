package app

import (
	"errors"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// TestExplained: what the error says, or what happened before, isn't said again.
func TestExplained(t *testing.T) {
	const refused = "dial tcp 127.0.0.1:9: connect: connection refused"
	for _, c := range []struct {
		name  string
		steps string
		err   string
		want  string
	}{
		{"taken", "resolved to 192.0.2.1|after 3ms: 200 OK", "", "resolved to 192.0.2.1|after 3ms: 200 OK"},
		{"the error, and when", "resolved to 192.0.2.1|after 3ms: no connection to x: refused", "no connection to x: refused", "resolved to 192.0.2.1"},
		{"three tries", "sending POST|resolved|no connection to 127.0.0.1:9: " + refused + "|resolved|no connection to 127.0.0.1:9: " + refused + "|resolved|no connection to 127.0.0.1:9: " + refused,
			"no connection to http://localhost:9/: " + refused, "sending POST|resolved|no connection to 127.0.0.1:9|… and the same 2 times more"},
		{"twice, then taken", "no connection: reset|no connection: reset|connected|200 OK", "", "no connection: reset|… and the same again|connected|200 OK"},
		{"another reason", "no connection to 127.0.0.1:9: reset|no connection to [::1]:9: " + refused, "connect: " + refused, "no connection to 127.0.0.1:9: reset|no connection to [::1]:9"},
		{"nothing", "", "x", ""},
	} {
		var steps []string
		if c.steps != "" {
			steps = strings.Split(c.steps, "|")
		}
		var err error
		if c.err != "" {
			err = errors.New(c.err)
		}
		if got := strings.Join(explained(bridge.Receipt{Steps: steps}, err).Steps, "|"); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}
