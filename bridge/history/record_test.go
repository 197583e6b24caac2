package history

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tailpost/tailpost/bridge"
)

// whole gives a file of the ring with its records' boundaries.
func whole(t testing.TB) ([]byte, int) {
	e, b := newEncoder(nil)
	for i := range uint64(20) {
		a := attempt("a", i+1, 1, fmt.Sprint("error ", i))
		b = e.attempt(b, &a)
	}
	return b, 20
}

func count(b []byte) (n int) {
	d, err := newDecoder(b)
	if err != nil {
		return 0
	}
	for _, ok := d.next(); ok; _, ok = d.next() {
		n++
	}
	return n
}

func TestEveryCut(t *testing.T) {
	b, n := whole(t)
	last := 0
	for cut := range len(b) + 1 {
		got := count(b[:cut])
		if got < last || got > n {
			t.Fatalf("cut at %d: %d records, %d before", cut, got, last)
		}
		last = got
	}
	if last != n {
		t.Errorf("%d records", last)
	}
}

func TestEveryFlippedByte(t *testing.T) {
	b, n := whole(t)
	for i := fileHead; i < len(b); i++ {
		c := append([]byte(nil), b...)
		c[i] ^= 0x10
		if got := count(c); got < n-1 {
			t.Fatalf("flipped at %d: %d records of %d", i, got, n)
		}
		d, err := newDecoder(c)
		if err != nil {
			t.Fatal(err)
		}
		for a, ok := d.next(); ok; a, ok = d.next() {
			want := attempt("a", a.Number, 1, fmt.Sprint("error ", a.Number-1))
			for _, f := range []struct{ got, want *string }{{&a.Recipient, &want.Recipient}, {&a.Event, &want.Event}, {&a.Peer, &want.Peer}, {&a.Answer, &want.Answer}, {&a.Err, &want.Err}} {
				if *f.got == "?" { // it was said in the record that is lost
					*f.got = *f.want
				}
			}
			if a != want {
				t.Fatalf("flipped at %d: %+v", i, a)
			}
		}
	}
	for i := range fileHead {
		c := append([]byte(nil), b...)
		c[i] ^= 0x10
		if got := count(c); got != 0 {
			t.Fatalf("flipped at %d of the head: %d records", i, got)
		}
	}
}

// A text that looks like records is a text.
func TestTextCanNotForgeRecords(t *testing.T) {
	_, inner := newEncoder(nil)
	e, _ := newEncoder(nil)
	forged := attempt("victim", 9, 1, "")
	inner = e.attempt(inner[:0], &forged)
	a := attempt("a", 1, 1, string(inner))
	e, b := newEncoder(nil)
	b = e.attempt(b, &a)
	b[fileHead] ^= 1 // so that the search goes through the texts
	d, err := newDecoder(b)
	if err != nil {
		t.Fatal(err)
	}
	for a, ok := d.next(); ok; a, ok = d.next() {
		if a.Recipient == "victim" {
			t.Error("it was taken")
		}
	}
}

func TestAnotherVersionIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	r := New(Options{Dir: dir})
	stop := running(t, r)
	r.Attempted(attempt("a", 1, 1, ""))
	stop()
	other, _ := whole(t)
	other[len(magic)] = 2
	if err := os.WriteFile(filepath.Join(dir, Dir, fileName(0)), other, 0o600); err != nil {
		t.Fatal(err)
	}
	ts, err := Read(dir, func(bridge.ID) bool { return true })
	if len(ts) != 1 || err == nil || !strings.Contains(err.Error(), "of another version") {
		t.Errorf("%d trails, %v", len(ts), err)
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, b := newEncoder(nil)
		var want []bridge.Attempt
		for range rapid.IntRange(1, 10).Draw(t, "n") {
			text := rapid.OneOf(rapid.StringN(0, 50, 200), rapid.Just("\xa7\x7a\x05\x00"), rapid.Just(""))
			a := bridge.Attempt{
				Recipient: text.Draw(t, "recipient"), Number: rapid.Uint64().Draw(t, "number"), Event: text.Draw(t, "event"),
				Nth: rapid.IntRange(0, 1<<40).Draw(t, "nth"), At: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "at"), 5),
				Took: time.Duration(rapid.IntRange(0, 1<<40).Draw(t, "took")) * time.Microsecond, Wait: time.Duration(rapid.IntRange(0, 1<<40).Draw(t, "wait")) * time.Millisecond,
				Peer: text.Draw(t, "peer"), Answer: text.Draw(t, "answer"), Err: text.Draw(t, "err"), Status: text.Draw(t, "status"), Dead: rapid.Bool().Draw(t, "dead"),
			}
			want = append(want, a)
			b = e.attempt(b, &a)
		}
		d, err := newDecoder(b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if got, ok := d.next(); !ok || !reflect.DeepEqual(got, want[i]) {
				t.Fatalf("got  %+v\nwant %+v", got, want[i])
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	b, _ := whole(f)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) { count(b) })
}

// More different texts than have numbers are written out.
func TestManyTexts(t *testing.T) {
	e, b := newEncoder(nil)
	for i := range 2 * textsMax {
		a := attempt("a", uint64(i), 1, fmt.Sprint("error ", i))
		b = e.attempt(b, &a)
	}
	d, err := newDecoder(b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 * textsMax {
		if a, ok := d.next(); !ok || a.Err != fmt.Sprint("error ", i) || a.Recipient != "a" {
			t.Fatalf("%d: %+v", i, a)
		}
	}
}
