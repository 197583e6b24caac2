package bridge

import (
	"bytes"
	"testing"
)

// The wanted bytes are written by hand from AppendWire's comment.
func TestAppendWire(t *testing.T) {
	e := Event{Name: "login", Session: "ab", ExternalKey: "k"}
	copy(e.ID[:], "0123456789abcdef")
	want := "0123456789abcdef" + "\x01" + "\x05login" + "\x02ab" + string(e.AppendJSON(nil))
	if got := e.AppendWire([]byte("> ")); string(got) != "> "+want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestParseHeadOfEveryCut(t *testing.T) {
	e := full()
	b := e.AppendWire(nil)
	head := len(b) - len(e.AppendJSON(nil))
	for n := range b {
		h, err := ParseHead(b[:n])
		if (err != nil) != (n < head) {
			t.Fatalf("%d of %d bytes: %v", n, len(b), err)
		}
		if err != nil && (h.Name != nil || h.JSON != nil) {
			t.Fatalf("%d of %d bytes: an error and %+v", n, len(b), h)
		}
	}
}

func TestParseHeadOfHostileLengths(t *testing.T) {
	id := "0123456789abcdef\x00"
	for name, tail := range map[string]string{
		"name longer than the rest":    "\x05logi",
		"session longer than the rest": "\x00\x7f",
		"a length of 2^64-1":           "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01abc",
		"a length of 2^63":             "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01abc",
		"a length that overflows":      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7fabc",
		"a length without end":         "\x80\x80",
	} {
		if h, err := ParseHead([]byte(id + tail)); err == nil {
			t.Errorf("%s: no error, %+v", name, h)
		}
	}
}

// FuzzParseHead: no bytes make it panic or read outside of what it was given,
// and what it accepts it has parted without a rest.
func FuzzParseHead(f *testing.F) {
	e := full()
	f.Add(e.AppendWire(nil))
	f.Add((&Event{}).AppendWire(nil))
	e.Places = []Place{{"a.log", 5, 300}, {"a.log", 306, 10}, {"", -1, 0}}
	f.Add(e.AppendWire(nil))
	f.Add([]byte("0123456789abcdef\x01\x80"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHead(b)
		if err != nil {
			return
		}
		if !bytes.HasSuffix(b, h.JSON) || !bytes.Contains(b, h.Name) || !bytes.Contains(b, h.Session) {
			t.Fatalf("%q gives %+v", b, h)
		}
		if _, err := h.Places(); err != nil && len(h.places) == 0 {
			t.Fatal(err)
		}
		if e, err := DecodeEvent(h.JSON); err == nil {
			again, err := ParseHead(e.AppendWire(nil))
			if err != nil || string(again.Name) != e.Name {
				t.Fatalf("%+v encodes to what can't be read: %v", e, err)
			}
		}
	})
}
