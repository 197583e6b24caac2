package drop

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// What is packed has the ids that it has as a file of that name unpacked:
// offsets are those of the plain bytes.
func TestPacked(t *testing.T) {
	r := newRig(t)
	r.drop("a.gz", zip(t, "one\ntwo\n")+zip(t, "three"), old) // gzip files may stand one behind the other
	r.start()
	r.idle()
	r.halt()
	wantLines(t, r.lines(), "one", "two", "three")
	if l := r.recs[2]; l.Offset != 8 || !l.Partial || !strings.HasSuffix(string(l.Head), "\x00one") {
		t.Errorf("%+v", l)
	}
	if s := r.src.Stats(); s.Bytes != 13 || s.Files != 1 || len(r.losses) != 0 {
		t.Errorf("%+v, losses %+v", s, r.losses)
	}
}

// A packed file that is damaged, or ends early, gives what can be unpacked,
// and the rest is reported.
func TestDamagedPacked(t *testing.T) {
	var text strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&text, "line %d %d\n", i, i*i)
	}
	whole := zip(t, text.String())
	for _, tc := range []struct {
		name, bytes string
		least       int // lines
	}{
		{"ends early", whole[:len(whole)/2], 5000},
		{"without its sums", whole[:len(whole)-8], 20_000},
		{"flipped", whole[:len(whole)/2] + "\x00\xff\x00\xff" + whole[len(whole)/2+4:], 5000},
		{"a wrong sum", whole[:len(whole)-8] + "12345678", 20_000},
		{"rubbish behind it", whole + "rubbish", 20_000},
		{"no gzip at all", text.String(), 0},
		{"empty", "", 0},
		{"half a header", whole[:5], 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			r.drop("a.gz", tc.bytes, old)
			r.drop("b", "after\n", old/2)
			r.start()
			r.idle()
			r.halt()
			lines := r.lines()
			if n := len(lines) - 1; n < tc.least || n > 20_000 || lines[n] != "after" {
				t.Errorf("%d lines of the packed file", n)
			}
			if len(r.losses) != 1 || !strings.HasPrefix(r.losses[0].Reason, "the rest can't be unpacked: ") {
				t.Errorf("losses %+v", r.losses)
			}
		})
	}
}

// A packed file that grows in place is read on from where it was.
func TestPackedGrows(t *testing.T) {
	r := newRig(t)
	whole := zip(t, strings.Repeat("first\n", 1000)) + zip(t, "second\n")
	cut := len(whole) - 20
	r.start()
	r.drop("a.gz", whole[:cut], 0)
	r.until("its lines", func() bool { return len(r.recs) == 1000 })
	r.restart()
	r.add(r.path("a.gz"), whole[cut:])
	r.idle()
	r.halt()
	if lines := r.lines(); len(lines) != 1001 || lines[1000] != "second" {
		t.Errorf("%d lines", len(lines))
	}
	if len(r.losses) != 0 {
		t.Errorf("losses %+v", r.losses)
	}
	ids := map[bridge.ID]bool{}
	for _, rec := range r.recs {
		ids[bridge.NewID(rec, 0)] = true
	}
	if len(ids) != len(r.recs) {
		t.Errorf("%d ids of %d lines", len(ids), len(r.recs))
	}
}
