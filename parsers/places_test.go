package parsers

import (
	"reflect"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// An event of a message in segments comes from all their lines, in the order
// of the parts, over a restart too.
func TestMessageComesFromAllItsLines(t *testing.T) {
	parts := cutMessage("h", 1, "a", 10, 20)
	for name, order := range map[string][]int{"in order": {0, 1, 2}, "another order": {2, 0, 1}} {
		t.Run(name, func(t *testing.T) {
			var state []bridge.Entry
			var events []bridge.Event
			want := make([]bridge.Place, len(parts))
			for i, n := range order {
				p, err := New(Options{Format: "bg"})
				if err != nil {
					t.Fatal(err)
				}
				s := p.(bridge.Stateful)
				if err := s.Restore(state); err != nil {
					t.Fatal(err)
				}
				rec := record([]byte(parts[n]))
				rec.Stream, rec.Offset = "log", int64(1000*i)
				want[n] = bridge.Place{Stream: "log", Offset: rec.Offset, Bytes: int64(len(parts[n]))}
				if events, _, err = s.Parse(rec, nil); err != nil {
					t.Fatal(err)
				}
				state = merged(state, s.Changes())
			}
			if len(events) != 1 || !reflect.DeepEqual(events[0].Places, want) {
				t.Errorf("got %+v, want %v", events, want)
			}
		})
	}
}

func TestLineThatIsAMessageLeavesItsPlaceToIngest(t *testing.T) {
	p, err := New(Options{Format: "bg"})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range append(cutMessage("h", 1, "a", 10), cutMessage("h", 2, "b")...) {
		events, _, err := p.Parse(record([]byte(l)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 1 && events[0].MemberName == "b" && events[0].Places != nil {
			t.Errorf("places of another message: %v", events[0].Places)
		}
	}
}

// merged gives a state with what changed in it.
func merged(state, changes []bridge.Entry) (out []bridge.Entry) {
	for _, e := range state {
		for _, c := range changes {
			if string(c.Key) == string(e.Key) {
				e.Value = nil
			}
		}
		if e.Value != nil {
			out = append(out, e)
		}
	}
	for _, c := range changes {
		if c.Value != nil {
			out = append(out, c)
		}
	}
	return out
}
