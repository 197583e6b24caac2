package spool

import (
	"bytes"
	"strings"
	"testing"
)

// Log lines may hold the marker: what stands beside a multiple of 8 hides none
// that stands on one.
func TestMarkerIn(t *testing.T) {
	m := string(frameMarker[:])
	for _, test := range []struct {
		name, text string
		want       int
	}{
		{name: "nothing", text: "", want: -1},
		{name: "none", text: strings.Repeat("x", 64), want: -1},
		{name: "at once", text: m, want: 0},
		{name: "cut off", text: "12345678" + m[:3], want: -1},
		{name: "beside", text: "1" + m + "678", want: -1},
		{name: "behind one beside", text: "1" + m + "678" + m, want: 8},
		{name: "behind one at the edge", text: "1234" + m + m, want: 8},
		{name: "behind one across the edge", text: "12345" + m + "2345678" + m, want: 16},
		{name: "many beside", text: strings.Repeat("1234"+m, 9) + m, want: 72},
		{name: "the first of two", text: "12345678" + m + "5678" + m, want: 8},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := markerIn([]byte(test.text)); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestIsZero(t *testing.T) {
	for n := range 20 {
		b := make([]byte, n)
		if !isZero(b) {
			t.Errorf("%d zero bytes are none", n)
		}
		for i := range b {
			b[i] = 1
			if isZero(b) {
				t.Errorf("byte %d of %d is not seen", i, n)
			}
			b[i] = 0
		}
		if n > 0 && isZero(bytes.Repeat([]byte{1}, n)) {
			t.Errorf("%d ones are taken for zeros", n)
		}
	}
}

// A window holds what the file needed so far, and no more than it may.
func TestWindowGrows(t *testing.T) {
	text := []byte(strings.Repeat("0123456789", 1000))
	w := newWindow(bytes.NewReader(text), 4096)
	for _, limit := range []int64{10, 30, 1000, 2000, 10_000} {
		off := max(0, limit-20)
		b, err := w.get(off, int(limit-off), limit)
		if err != nil || !bytes.Equal(b, text[off:limit]) {
			t.Fatalf("up to %d: %q, %v", limit, b, err)
		}
		if b, err = w.get(0, 10, limit); err != nil || !bytes.Equal(b, text[:10]) {
			t.Fatalf("the beginning: %q, %v", b, err)
		}
		if len(w.buf) > 4096 || int64(len(w.buf)) > 2*limit {
			t.Errorf("%d bytes in memory for %d of the file", len(w.buf), limit)
		}
	}
	if b, err := w.get(5, 9000, 10_000); err != nil || !bytes.Equal(b, text[5:9005]) {
		t.Errorf("more than it may hold: %v", err)
	}
}
