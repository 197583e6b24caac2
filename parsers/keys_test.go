package parsers

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// session gives a line of the json format; kind may be key, end, departed,
// chat or survey.
func session(kind, id, key string, at int64) string {
	title := map[string]string{"key": "External Key", "end": "Session End", "departed": "Conference Member Departed",
		"chat": "Chat Message", "survey": "Customer Exit Survey"}[kind]
	return fmt.Sprintf(`{"event_type":%q,"timestamp":%d,"session_id":%q,"external_key":%q}`, title, at, id, key)
}

// keysSeen gives the key of each event, "-" for an empty one.
func keysSeen(t testing.TB, p bridge.Parser, lines ...string) string {
	t.Helper()
	var out []string
	for _, l := range lines {
		es, _, err := p.Parse(record([]byte(l)), nil)
		if err != nil {
			t.Fatalf("%s: %v", l, err)
		}
		for _, e := range es {
			if e.ExternalKey == "" {
				e.ExternalKey = "-"
			}
			out = append(out, e.ExternalKey)
		}
	}
	return strings.Join(out, " ")
}

func TestExternalKey(t *testing.T) {
	const day = 24 * 3600
	for _, tt := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"not before, but after", []string{session("departed", "s", "", 10), session("key", "s", "K", 11), session("departed", "s", "", 12), session("end", "s", "", 13)}, "- K K"},
		{"another session", []string{session("key", "s", "K", 11), session("departed", "t", "", 12)}, "-"},
		{"a key of its own wins", []string{session("key", "s", "K", 11), session("departed", "s", "L", 12), session("end", "s", "", 13)}, "L K"},
		{"the newest", []string{session("key", "s", "K", 11), session("key", "s", "L", 12), session("end", "s", "", 13)}, "L"},
		{"taken away", []string{session("key", "s", "K", 11), session("key", "s", "", 12), session("end", "s", "", 13)}, "-"},
		{"raw events too", []string{session("key", "s", "K", 11), session("chat", "s", "", 12)}, "K"},
		{"surveys after the end", []string{session("key", "s", "K", 11), session("end", "s", "", 12), session("survey", "s", "", 12+day)}, "K K"},
		{"a day after the end", []string{session("key", "s", "K", 11), session("end", "s", "", 12), session("survey", "s", "", 13+day)}, "K -"},
		{"a long session", []string{session("key", "s", "K", 11), session("chat", "t", "", 11+9*day), session("end", "s", "", 12+9*day)}, "- K"},
		{"another line a day after the end", []string{session("key", "s", "K", 11), session("end", "s", "", 12), session("chat", "t", "", 13+day), session("survey", "s", "", 14)}, "K - -"},
		{"a line without a time", []string{session("key", "s", "K", 11), session("end", "s", "", 12), `{"event":"x"}`, session("survey", "s", "", 14)}, "K - K"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := keysSeen(t, mustNew(t, Options{Format: "json"}), tt.lines...); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestKeysAreBounded(t *testing.T) {
	p := mustNew(t, Options{Format: "json"}).(*jsonParser)
	for i := range keysMax {
		keysSeen(t, p, session("key", fmt.Sprint("s", i), "K", 10))
	}
	keysSeen(t, p, session("chat", "s0", "", 10)) // used last, so not the first to go
	for i := range 5 {
		keysSeen(t, p, session("key", fmt.Sprint("t", i), "L", 10))
	}
	if got := p.Settled().Evicted; got != 5 || len(p.sessions) != keysMax {
		t.Errorf("%d evicted, %d kept", got, len(p.sessions))
	}
	if got := keysSeen(t, p, session("chat", "s0", "", 10), session("chat", "s1", "", 10), session("chat", "s6", "", 10), session("chat", "t4", "", 10)); got != "K - K L" {
		t.Errorf("got %q", got)
	}

	for i := range 2000 { // 4 KiB each
		keysSeen(t, p, session("key", fmt.Sprint("u", i), strings.Repeat("K", keyMax), 10))
	}
	if p.size > keysSize || len(p.sessions) < 700 {
		t.Errorf("%d sessions in %d bytes", len(p.sessions), p.size)
	}
	size := 0
	for _, e := range p.Changes() {
		size += len(e.Key) + len(e.Value)
	}
	if size > 4<<20 {
		t.Errorf("%d bytes of state", size)
	}
}

// TestUseIsNotSavedEachTime: a line of a session must not cost an entry.
func TestUseIsNotSavedEachTime(t *testing.T) {
	p := mustNew(t, Options{Format: "json"}).(bridge.Stateful)
	keysSeen(t, p, session("key", "s", "K", 10))
	if got := p.Changes(); len(got) != 3 {
		t.Errorf("first changes: %q", got)
	}
	for range 100 {
		keysSeen(t, p, session("chat", "s", "", 10))
	}
	if got := p.Changes(); len(got) != 0 {
		t.Errorf("changes by use: %q", got)
	}
}

func TestOrderOfUseSurvivesARestart(t *testing.T) {
	p := mustNew(t, Options{Format: "json"}).(*jsonParser)
	for _, id := range []string{"a", "b", "c", "a"} {
		keysSeen(t, p, session("key", id, "K", 10))
	}
	q := mustNew(t, Options{Format: "json"}).(*jsonParser)
	if err := q.Restore(p.Changes()); err != nil {
		t.Fatal(err)
	}
	var got string
	for el := q.order.Front(); el != nil; el = el.Next() {
		got += el.Value.(*sessionKey).lsid
	}
	if got != "bca" || q.uses != p.uses || q.size != p.size {
		t.Errorf("order %q, uses %d, size %d; want bca, %d, %d", got, q.uses, q.size, p.uses, p.size)
	}
}

func TestKeysRestart(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 2))
		var lines []string
		at := int64(1733239565)
		for range 60 {
			at += int64(r.IntN(3) * r.IntN(20000))
			kind := []string{"key", "key", "end", "departed", "chat", "survey"}[r.IntN(6)]
			key := ""
			if kind == "key" && r.IntN(5) > 0 {
				key = fmt.Sprint("K", r.IntN(100))
			}
			lines = append(lines, session(kind, fmt.Sprint("s", r.IntN(8)), key, at-int64(r.IntN(100))))
		}
		for at := range len(lines) + 1 {
			checkRestart(t, Options{Format: "json"}, lines, at, 1+int(seed)%3)
		}
	}
}
