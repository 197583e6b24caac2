package bridge

import (
	"bytes"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// TestScanReadsWhatIsWritten: the fast way is taken for sorted events, and
// says what the standard library says.
func TestScanReadsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		SortFields(e.Custom)
		SortFields(e.Extra)
		e.Extra = append(e.Extra, Field{Name: "\U0010ffff", Value: `{"a":[1,null,"x\"}"]}`, JSON: true})
		b := e.AppendJSON(nil)
		want, err := decodeEvent(b)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := scanEvent(b)
		if !ok {
			if len(want.Custom) == len(e.Custom) && len(want.Extra) == len(e.Extra) && sorted(want.Custom, e.Custom) && sorted(want.Extra, e.Extra) {
				t.Fatalf("not read: %s", b)
			}
			return // cleaned names came into another order
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

// sorted reports whether cleaning the names left their order.
func sorted(cleaned, given []Field) bool {
	for i := range cleaned {
		if cleaned[i].Name != valid(given[i].Name) {
			return false
		}
	}
	return true
}

// FuzzDecodeEvent: whatever the fast way takes, it reads as the standard
// library does.
func FuzzDecodeEvent(f *testing.F) {
	e := full()
	f.Add(e.AppendJSON(nil))
	f.Add([]byte(`{"id":"a3e77e60f864c0d2b6efddcc2e451384","event":"a","extra":{"a":"\u00e9\n","b":[{}]},"source":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := scanEvent(b)
		want, err := decodeEvent(b)
		if err != nil {
			return // no JSON as a whole: never written
		}
		canonical := want.AppendJSON(nil)
		if bytes.Equal(canonical, b) && (!ok || !reflect.DeepEqual(got, want)) {
			t.Fatalf("%q\nfast %v %+v\nlibrary %+v", b, ok, got, want)
		}
		if again, ok := scanEvent(canonical); !ok || !reflect.DeepEqual(again, want) {
			t.Fatalf("%q\nagain %+v\nlibrary %+v", canonical, again, want)
		}
	})
}

func BenchmarkDecodeEvent(b *testing.B) {
	e := full()
	text := e.AppendJSON(nil)
	for _, c := range []struct {
		name   string
		decode func([]byte) (Event, error)
	}{{"scan", DecodeEvent}, {"library", decodeEvent}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.decode(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
