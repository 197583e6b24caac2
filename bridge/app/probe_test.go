package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/receiver"
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

// TestSampleThroughEachKind: the sample arrives as an event would, once, and
// what happened is told; no state is made.
func TestSampleThroughEachKind(t *testing.T) {
	var mu sync.Mutex
	var got []receiver.Received
	r, err := receiver.New(receiver.Options{HTTPAddr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0", NoTLS: true, OnEvent: func(m receiver.Received) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, m)
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	defer func() { cancel(); <-done }()
	host, port, err := net.SplitHostPort(r.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	c := load(t, t.TempDir(), fmt.Sprintf(`[smtp]
host = %q
port = %s
security = "none"
from = "bridge@example.com"
[[recipients.http]]
name = "web"
url = "http://%s/hook?action=test"
[[recipients.email]]
name = "mail"
address = "ops@example.com"
subject = "[%%%%external_key%%%%] %%%%event%%%%"
[[recipients.file]]
name = "file"
path = "out.jsonl"
`, host, port, r.HTTPAddr()))
	for _, item := range c.Recipients() {
		p, err := OpenProbe(item, Options{Log: zerolog.Nop(), Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		e := Sample(c, bridge.EventEnd)
		rec, err := p.Deliver(t.Context(), e)
		if err != nil || rec.Peer == "" || rec.Answer == "" || rec.Took <= 0 {
			t.Errorf("%s: %+v, %v", item.Name, rec, err)
		}
		if err := p.Close(); err != nil {
			t.Errorf("%s: %v", item.Name, err)
		}
		if item.Kind == "file" {
			continue
		}
		mu.Lock()
		last := got[len(got)-1]
		mu.Unlock()
		if last.ID != e.ID.String() || last.Event != bridge.EventEnd {
			t.Errorf("%s: the receiver got %+v", item.Name, last)
		}
	}
	if len(got) != 2 {
		t.Errorf("the receiver got %d", len(got))
	}
	if _, err := os.Stat(c.StateDir); err == nil {
		t.Error("a state directory was made")
	}
	r.SetFail(500, time.Minute)
	for _, item := range c.Recipients()[:2] {
		p, err := OpenProbe(item, Options{Log: zerolog.Nop(), Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		var de *bridge.DeliveryError
		if _, err := p.Deliver(t.Context(), Sample(c, bridge.EventEnd)); !errors.As(err, &de) {
			t.Errorf("%s: %v", item.Name, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}
