package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

func TestSamplesAreMarked(t *testing.T) {
	c := load(t, t.TempDir(), toFile("out"))
	for _, name := range append(bridge.SessionEvents(), "login") {
		e, other := Sample(c, name), Sample(c, name)
		if e.ID == other.ID {
			t.Error("two samples have one id")
		}
		line := string(e.AppendJSON(nil))
		for _, want := range []string{`"id":"0000000000007e57`, `"lsid":"0000000000007e57`, `"event":"` + name + `"`, `"test":true`, `"appliance_id":"box"`, `"external_key":"TAILPOST-TEST"`} {
			if !strings.Contains(line, want) {
				t.Errorf("%s: no %s in %s", name, want, line)
			}
		}
		// Receivers take any event with these for a member's.
		member := name == bridge.EventMemberAdded || name == bridge.EventMemberDeparted
		if (e.MemberName != "" || e.MemberType != "") != member {
			t.Errorf("%s: name %q, type %q", name, e.MemberName, e.MemberType)
		}
		if _, err := bridge.DecodeEvent([]byte(line)); err != nil {
			t.Error(err)
		}
	}
}

func TestMarkSampleKeepsWhatIsThere(t *testing.T) {
	e := bridge.Event{ID: bridge.ID{1}, Name: bridge.EventEnd, Session: "s", Extra: []bridge.Field{{Name: "test", Value: "mine"}}}
	MarkSample(&e)
	if e.ID != (bridge.ID{1}) || e.Session != "s" || len(e.Extra) != 1 || e.Extra[0].Value != "mine" {
		t.Errorf("%+v", e)
	}
}

func TestConnectAllKeepsTheOrder(t *testing.T) {
	var text strings.Builder
	for i := range 3 * connectsMost {
		fmt.Fprintf(&text, "[[recipients.file]]\nname = \"r%d\"\npath = \"none/%d\"\n", i, i)
	}
	c := load(t, t.TempDir(), text.String()+toFile("out"))
	got := ConnectAll(t.Context(), c, Options{Log: zerolog.Nop()})
	for i, r := range got[:len(got)-1] {
		if r.Name != fmt.Sprintf("r%d", i) || r.Kind != "file" || r.Err == nil {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if last := got[len(got)-1]; last.Name != "out" || last.Err != nil {
		t.Errorf("%+v", last)
	}
}
