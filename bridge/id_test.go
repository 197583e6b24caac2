package bridge

import (
	"bytes"
	"strings"
	"testing"
)

// The wanted ids were computed from the text in NewID's comment by another
// program (printf of the parts through sha256sum).
func TestNewIDVectors(t *testing.T) {
	line := []byte("event=support_conference_begin;lsid=ab")
	for _, tc := range []struct {
		name   string
		rec    Record
		index  int
		wantID string
	}{
		{"first event of a line", Record{Source: "appliance", Head: []byte("first line"), Offset: 4096, Line: line}, 0, "ec2e81d45c90a18b53dcf67193566d0f"},
		{"second event of it", Record{Source: "appliance", Head: []byte("first line"), Offset: 4096, Line: line}, 1, "080cf7f01c7419b4ec4689b7472a28ec"},
		{"all empty", Record{}, 0, "b99e589d9e75e029883be9d529c58cf2"},
		{"a line of exactly 64 KiB", Record{Source: "appliance", Head: []byte("h"), Line: bytes.Repeat([]byte("x"), 64<<10)}, 0, "9d1e2534f9436520568d0b24ff349d15"},
		{"only 64 KiB of a line count", Record{Source: "appliance", Head: []byte("h"), Line: bytes.Repeat([]byte("x"), 80<<10)}, 0, "9d1e2534f9436520568d0b24ff349d15"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := NewID(tc.rec, tc.index).String(); got != tc.wantID {
				t.Errorf("got %s, want %s", got, tc.wantID)
			}
		})
	}
	if got := SenderID("in", "m-1", 0).String(); got != "a3e77e60f864c0d2b6efddcc2e451384" {
		t.Errorf("SenderID gives %s", got)
	}
}

// Each part counts, and no byte may move from one part to its neighbour.
func TestNewIDTellsApart(t *testing.T) {
	base := Record{Source: "ab", Head: []byte("cd"), Offset: 1, Line: []byte("ef")}
	seen := map[ID]string{NewID(base, 0): "base"}
	for name, rec := range map[string]Record{
		"source":              {Source: "aX", Head: []byte("cd"), Offset: 1, Line: []byte("ef")},
		"head":                {Source: "ab", Head: []byte("cX"), Offset: 1, Line: []byte("ef")},
		"offset":              {Source: "ab", Head: []byte("cd"), Offset: 2, Line: []byte("ef")},
		"line":                {Source: "ab", Head: []byte("cd"), Offset: 1, Line: []byte("eX")},
		"from source to head": {Source: "a", Head: []byte("bcd"), Offset: 1, Line: []byte("ef")},
		"from head to source": {Source: "abc", Head: []byte("d"), Offset: 1, Line: []byte("ef")},
	} {
		id := NewID(rec, 0)
		if other, ok := seen[id]; ok {
			t.Errorf("%s and %s share an id", name, other)
		}
		seen[id] = name
	}
	if NewID(base, 0) != NewID(Record{Source: "ab", Stream: "/elsewhere", Head: []byte("cd"), Offset: 1, Line: []byte("ef"), Partial: true}, 0) {
		t.Error("the stream's name or how the line ended changes the id")
	}
}

func TestIDText(t *testing.T) {
	want := SenderID("in", "m-1", 0)
	var got ID
	if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
		t.Errorf("got %s (%v), want %s", got, err, want)
	}
	for name, text := range map[string]string{
		"empty":     "",
		"short":     strings.Repeat("a", 31),
		"long":      strings.Repeat("a", 33),
		"no hex":    strings.Repeat("g", 32),
		"with dash": "a3e77e60-864c-d2b6-efdd-c2e4511384",
	} {
		if err := new(ID).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The wanted id was computed by another program, as those above.
func TestBatchID(t *testing.T) {
	a, b := Event{ID: ID{1}}, Event{ID: ID{2}}
	for _, tc := range []struct {
		name   string
		events []Event
		wantID string
	}{
		{"one event", []Event{a}, "01000000000000000000000000000000"},
		{"two", []Event{a, b}, "e351f32bf7c347d287d57187497bec3d"},
		{"the other way round", []Event{b, a}, "4344e26eef3689950be7ca58355144a0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := BatchID(tc.events).String(); got != tc.wantID {
				t.Errorf("got %s, want %s", got, tc.wantID)
			}
		})
	}
}
