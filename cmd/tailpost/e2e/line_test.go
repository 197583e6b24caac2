//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// jsonLine gives an object as a line of a log in the json format.
func jsonLine(t *testing.T, fields map[string]any) string {
	t.Helper()
	b, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

// firstTime is when the first of the made-up events originated, Unix seconds.
const firstTime = 1733239565

// bgLine gives line n of a made-up session log in the bg format, with the
// named event. Its external_key is n, and its session has nine more lines,
// each a hundred lines from the last.
func bgLine(event string, n int) string {
	session := n/1000*100 + n%100
	return fmt.Sprintf("<133>Dec 3 15:26:05 appliance BG[4711]: 1427:01:01:event=%s;site=support.example.com;when=%d;lsid=%032x;external_key=%d",
		event, firstTime+n/100, session, n)
}

// member gives a bgLine of someone who joins, as long as such lines are in
// the field: some 350 bytes with the newline.
func member(n int) string {
	s := bgLine("support_conference_member_added", n) +
		";name=Zoë Müller;type=customer;gsnumber=2;private_ip=10.0.0.9;public_ip=192.0.2.9:56722;hostname=desktop-9"
	return s + ";os=" + strings.Repeat("W", max(1, 349-len(s)-4)) + "\n"
}
