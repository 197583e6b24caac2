package framing

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// frame is a record as it can be compared; missing is of the rest alone.
type frame struct {
	offset  int64
	line    string
	cut     int64
	partial bool
	missing int64
}

const longest = 16

func TestFrames(t *testing.T) {
	long := strings.Repeat("x", longest)
	for _, tc := range []struct {
		name, in string
		want     []frame
	}{
		{name: "nothing"},
		{name: "newlines", in: "a\n\nbc\r\n", want: []frame{{0, "a", 0, false, 0}, {2, "", 0, false, 0}, {3, "bc\r", 0, false, 0}}},
		{name: "counts", in: "3 <1>5 {\"\n\"}", want: []frame{{2, "<1>", 0, false, 0}, {7, "{\"\n\"}", 0, false, 0}}},
		{name: "by turns", in: "a\n4 <1>b2 {}\nc\n", want: []frame{{0, "a", 0, false, 0}, {4, "<1>b", 0, false, 0}, {10, "{}", 0, false, 0}, {12, "", 0, false, 0}, {13, "c", 0, false, 0}}},
		{name: "a newline is counted in", in: "5 <1>b\n2 {}", want: []frame{{2, "<1>b", 0, false, 0}, {9, "{}", 0, false, 0}}},
		{name: "one newline alone is left out", in: "6 <1>b\n\n", want: []frame{{2, "<1>b\n", 0, false, 0}}},
		{name: "a time is no count", in: "2025-09-10 x\n1733240460 {}\n1 2025 x\n12\n1 \n", want: []frame{
			{0, "2025-09-10 x", 0, false, 0}, {13, "1733240460 {}", 0, false, 0}, {27, "1 2025 x", 0, false, 0}, {36, "12", 0, false, 0}, {39, "1 ", 0, false, 0}}},
		{name: "no count", in: "0 <1>\n01 <1>\n<133>x\n{}\n +3 <\n3  <1>\n", want: []frame{
			{0, "0 <1>", 0, false, 0}, {6, "01 <1>", 0, false, 0}, {13, "<133>x", 0, false, 0}, {20, "{}", 0, false, 0}, {23, " +3 <", 0, false, 0}, {29, "3  <1>", 0, false, 0}}},
		{name: "as long as may be", in: long + "\n16 <" + long[1:], want: []frame{{0, long, 0, false, 0}, {20, "<" + long[1:], 0, false, 0}}},
		{name: "as long as may be, and a newline", in: "17 <" + long[1:] + "\nb\n", want: []frame{{3, "<" + long[1:], 0, false, 0}, {20, "b", 0, false, 0}}},
		{name: "cut", in: long + "yyy\nb\n", want: []frame{{0, long, 3, false, 0}, {20, "b", 0, false, 0}}},
		{name: "cut, counted", in: "20 <" + long[1:] + "\n<1>b\n", want: []frame{{3, "<" + long[1:], 4, false, 0}, {23, "b", 0, false, 0}}},
		{name: "no forged frame behind the cut", in: long + "3 <1>{}\nb\n", want: []frame{{0, long, 7, false, 0}, {24, "b", 0, false, 0}}},
		{name: "a rest without newline", in: "a\nb", want: []frame{{0, "a", 0, false, 0}, {2, "b", 0, true, 0}}},
		{name: "a rest without newline, cut", in: long + "yyy", want: []frame{{0, long, 3, true, 0}}},
		{name: "a rest of a counted frame", in: "9 <1>b", want: []frame{{2, "<1>b", 0, true, 5}}},
		{name: "a rest of a counted frame, cut", in: "999999999 <" + long, want: []frame{{10, "<" + long[1:], 1, true, 999999999 - 17}}},
		{name: "a rest that could be a count", in: "12 ", want: []frame{{0, "12 ", 0, true, 0}}},
	} {
		for _, step := range []int{1, 2, 3, 1 << 20} {
			t.Run(fmt.Sprintf("%s/%d", tc.name, step), func(t *testing.T) {
				if got := split(New(longest), []byte(tc.in), func() int { return step }); !slices.Equal(got, tc.want) {
					t.Errorf("got  %v\nwant %v", got, tc.want)
				}
			})
		}
	}
}

// TestLines: no counts, whatever a line begins with.
func TestLines(t *testing.T) {
	want := []frame{{0, "3 <1>", 0, false, 0}, {6, "", 0, false, 0}, {7, "12 ", 0, true, 0}}
	for _, step := range []int{1, 2, 1 << 20} {
		if got := split(Lines(longest), []byte("3 <1>\n\n12 "), func() int { return step }); !slices.Equal(got, want) {
			t.Errorf("in steps of %d\ngot  %v\nwant %v", step, got, want)
		}
	}
	if got := split(Lines(longest), []byte("a\n"), func() int { return 9 }); len(got) != 1 {
		t.Errorf("an end behind a newline: %v", got)
	}
}

// split takes in with s as chunks of these lengths, each in the same buffer, as a
// connection's are.
func split(s *Splitter, in []byte, step func() int) (out []frame) {
	take := func(r bridge.Record, missing int64) {
		out = append(out, frame{r.Offset, string(r.Line), r.Cut, r.Partial, missing})
	}
	var buf []byte
	for len(in) > 0 {
		n := min(step(), len(in))
		buf = append(buf[:0], in[:n]...)
		in = in[n:]
		for b := buf; len(b) > 0; {
			b = s.Take(b)
			for _, r := range s.Records() {
				take(r, 0)
			}
			s.Sent()
		}
		for i := range buf {
			buf[i] = '#'
		}
	}
	if r, missing, ok := s.Rest(); ok {
		take(r, missing)
	}
	return out
}

// What the beginning of a counted frame looks like.
var (
	isCounted = regexp.MustCompile(`^([1-9][0-9]{0,8}) [<{]`)
	never     = regexp.MustCompile(`$.^`)
)

// plain is split without chunks and without regard to memory.
func plain(in []byte, isCounted *regexp.Regexp) (out []frame) {
	for at := 0; at < len(in); {
		b := in[at:]
		f := frame{offset: int64(at)}
		if m := isCounted.FindSubmatch(b); m != nil {
			n, _ := strconv.Atoi(string(m[1]))
			skip := len(m[1]) + 1
			f.offset += int64(skip)
			b = b[skip:]
			if n > len(b) {
				f.partial, f.missing = true, int64(n-len(b))
				n = len(b)
			}
			at += skip + n
			b = b[:n]
			if !f.partial {
				b = bytes.TrimSuffix(b, []byte("\n"))
			}
		} else if i := bytes.IndexByte(b, '\n'); i >= 0 {
			at += i + 1
			b = b[:i]
		} else {
			at, f.partial = len(in), true
		}
		n := min(len(b), longest)
		f.line, f.cut = string(b[:n]), int64(len(b)-n)
		out = append(out, f)
	}
	return out
}

// FuzzFrames compares the splitter, over random chunks, with a plain reading
// of the whole.
func FuzzFrames(f *testing.F) {
	for _, s := range []string{
		"a\nb\n", "3 <1>3 <2>", "12 <1>\n34\n5 {}", "<133>1 2025-09-10T12:08:07+08:00 HOST BG 16703 - - 1427:01:01:event=x\n",
		"999999999 <1>x", "20 <1>" + strings.Repeat("x", 40) + "\n1 {", "1 2 3 4\n", "\x00\xff\n0 <\n",
	} {
		f.Add([]byte(s), uint64(1))
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		step := func() int { return 1 + rng.IntN(40) }
		if got, want := split(New(longest), in, step), plain(in, isCounted); !slices.Equal(got, want) {
			t.Errorf("of %q\ngot  %v\nwant %v", in, got, want)
		}
		if got, want := split(Lines(longest), in, step), plain(in, never); !slices.Equal(got, want) {
			t.Errorf("lines alone, of %q\ngot  %v\nwant %v", in, got, want)
		}
	})
}

func TestHoldsTheBoundAtMost(t *testing.T) {
	const bound = 1 << 20
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	for _, begin := range []string{"", "999999999 <"} {
		s := New(bound)
		s.Take([]byte(begin))
		for range 1000 {
			s.Take(chunk)
		}
		if s.Held() > 2*bound || len(s.Records()) > 0 {
			t.Errorf("%q: %d bytes held, %d records", begin, s.Held(), len(s.Records()))
		}
		if r, _, ok := s.Rest(); !ok || len(r.Line) != bound || r.Cut+bound != s.Read()-r.Offset {
			t.Errorf("%q: rest of %d bytes, %d cut", begin, len(r.Line), r.Cut)
		}
	}
}

func TestBatchesAreBounded(t *testing.T) {
	s := New(1 << 20)
	b := bytes.Repeat([]byte("\n"), 64<<10)
	n := 0
	for len(b) > 0 {
		b = s.Take(b)
		if len(s.Records()) > batchLines {
			t.Fatalf("%d lines at once", len(s.Records()))
		}
		n += len(s.Records())
		s.Sent()
	}
	if n != 64<<10 {
		t.Errorf("%d lines", n)
	}
}

func BenchmarkFrames(b *testing.B) {
	line := "<133>Dec  3 15:26:05 h BG: 1427:01:01:" + strings.Repeat("x", 310)
	for name, frame := range map[string]string{"newline": line + "\n", "counted": strconv.Itoa(len(line)) + " " + line} {
		b.Run(name, func(b *testing.B) {
			in := []byte(strings.Repeat(frame, 180))
			s := New(1 << 20)
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				for rest := in; len(rest) > 0; {
					rest = s.Take(rest)
					s.Sent()
				}
			}
		})
	}
}
