package bridge

import (
	"reflect"
	"strings"
	"testing"
)

func TestPlacesStandInTheWire(t *testing.T) {
	long := strings.Repeat("x", streamMax+1)
	for _, tc := range []struct {
		name         string
		places, want []Place
	}{
		{"none", nil, nil},
		{"a line", []Place{{"/var/log/a.log", 4096, 352}}, []Place{{"/var/log/a.log", 4096, 352}}},
		{"a message over a rotation", []Place{{"a.log.1", 9, 1000}, {"a.log.1", 1010, 1000}, {"a.log", 0, 17}}, []Place{{"a.log.1", 9, 1000}, {"a.log.1", 1010, 1000}, {"a.log", 0, 17}}},
		{"without a name", []Place{{"", 1, 2}}, []Place{{"", 1, 2}}},
		{"a long name", []Place{{long, 1, 2}}, []Place{{long[:streamMax], 1, 2}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := full()
			e.Places = tc.places
			h, err := ParseHead(e.AppendWire(nil))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := h.Places(); err != nil || !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %v, %v; want %v", got, err, tc.want)
			}
			if !h.HasKey || string(h.Name) != e.Name || string(h.JSON) != string(e.AppendJSON(nil)) {
				t.Errorf("head %+v", h)
			}
			if strings.Contains(string(h.JSON), "a.log") {
				t.Error("the place is in the JSON")
			}
		})
	}
}

// The bytes are written by hand from AppendWire's comment. Without places they
// are as they always were.
func TestWireOfPlaces(t *testing.T) {
	e := Event{Name: "login", Session: "ab"}
	copy(e.ID[:], "0123456789abcdef")
	e.Places = []Place{{"f", 1, 2}, {"f", 4, -1}}
	want := "0123456789abcdef" + "\x02" + "\x05login" + "\x02ab" + "\x07\x01f\x02\x04\x00\x08\x01" + string(e.AppendJSON(nil))
	if got := e.AppendWire(nil); string(got) != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestPlacesOfEveryCut(t *testing.T) {
	e := full()
	e.Places = []Place{{"a.log", 5, 300}, {"a.log", 306, 10}}
	b := e.AppendWire(nil)
	head := len(b) - len(e.AppendJSON(nil))
	for n := range b {
		_, err := ParseHead(b[:n])
		if (err != nil) != (n < head) {
			t.Fatalf("%d of %d bytes: %v", n, len(b), err)
		}
	}
	whole, _ := ParseHead(b)
	for n := range whole.places {
		h := Head{places: whole.places[:n]}
		if ps, err := h.Places(); err == nil && len(ps) > 1 {
			t.Fatalf("%d bytes: %v", n, ps)
		}
	}
}
