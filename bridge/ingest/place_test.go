package ingest

import (
	"reflect"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

func TestEventsSayWhereTheyComeFrom(t *testing.T) {
	m := newMemStore()
	if _, err := run(t, m, &script{batches: [][]string{{"#", "abc"}}}, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := m.events[0].Places, []bridge.Place{{Stream: "f", Offset: 1, Bytes: 3}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestReplayedEventsSayWhereTheyCameFrom(t *testing.T) {
	m := inQuarantine(t, "?", "abc")
	if _, err := replaying(m).Replay(t.Context(), m.lines); err != nil {
		t.Fatal(err)
	}
	if got, want := m.events[0].Places, []bridge.Place{{Stream: "f", Offset: 1, Bytes: 3}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
