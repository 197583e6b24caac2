package stdin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kept is a record as emit saw it.
type kept struct {
	offset  int64
	line    string
	cut     int64
	partial bool
}

func collect(to *[]kept, heads *[]string) bridge.Emit {
	return func(_ context.Context, b bridge.Batch) error {
		for _, r := range b.Records {
			*to = append(*to, kept{r.Offset, string(r.Line), r.Cut, r.Partial})
			if heads != nil {
				*heads = append(*heads, string(r.Head))
			}
			if !r.Once || r.Source != "in" || r.Time.IsZero() {
				return fmt.Errorf("record %+v", r)
			}
		}
		if len(b.Positions) > 0 {
			return errors.New("positions of a pipe")
		}
		return nil
	}
}

func options(in io.Reader) Options {
	o := Defaults()
	o.Name, o.In = "in", in
	return o
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", minMaxLine)
	for _, tc := range []struct {
		name, in string
		want     []kept
	}{
		{name: "empty"},
		{name: "lines", in: "a\n\nbc\r\n", want: []kept{{0, "a", 0, false}, {2, "", 0, false}, {3, "bc\r", 0, false}}},
		{name: "last without newline", in: "a\nb", want: []kept{{0, "a", 0, false}, {2, "b", 0, true}}},
		{name: "as long as may be", in: long + "\nb\n", want: []kept{{0, long, 0, false}, {1025, "b", 0, false}}},
		{name: "cut", in: long + "yyy\nb\n", want: []kept{{0, long, 3, false}, {1028, "b", 0, false}}},
		{name: "cut without newline", in: long + "yyy", want: []kept{{0, long, 3, true}}},
		{name: "no forged line", in: long + "\x00event=login\nb\n", want: []kept{{0, long, 12, false}, {1037, "b", 0, false}}},
	} {
		for _, in := range []struct {
			name string
			r    io.Reader
		}{
			{"whole", strings.NewReader(tc.in)}, {"bytes", iotest.OneByteReader(strings.NewReader(tc.in))},
			{"data with EOF", iotest.DataErrReader(strings.NewReader(tc.in))},
		} {
			t.Run(tc.name+"/"+in.name, func(t *testing.T) {
				o := options(in.r)
				o.MaxLine = minMaxLine
				var got []kept
				s := New(o)
				if err := s.Run(t.Context(), nil, collect(&got, nil)); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got, tc.want) {
					t.Errorf("got %v\nwant %v", got, tc.want)
				}
				if st := s.Stats(); st.Lines != int64(len(tc.want)) || st.Bytes != int64(len(tc.in)) {
					t.Errorf("stats %+v", st)
				}
			})
		}
	}
}

func TestManyLinesInOrder(t *testing.T) {
	var in strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&in, "line %d\n", i)
	}
	var got []kept
	var batches, most int
	emit := collect(&got, nil)
	err := New(options(strings.NewReader(in.String()))).Run(t.Context(), nil, func(ctx context.Context, b bridge.Batch) error {
		batches++
		most = max(most, len(b.Records))
		return emit(ctx, b)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range got {
		if k.line != fmt.Sprintf("line %d", i) {
			t.Fatalf("line %d is %q", i, k.line)
		}
	}
	if len(got) != 50_000 || most > 1000 || batches < 50 {
		t.Errorf("%d lines in %d batches of at most %d", len(got), batches, most)
	}
}

func TestHeadIsDrawnForEachStart(t *testing.T) {
	var heads []string
	for range 2 {
		var got []kept
		if err := New(options(strings.NewReader("a\nb\n"))).Run(t.Context(), nil, collect(&got, &heads)); err != nil {
			t.Fatal(err)
		}
	}
	if len(heads) != 4 || len(heads[0]) != 16 || heads[0] != heads[1] || heads[0] == heads[2] {
		t.Errorf("heads %q", heads)
	}
}

func TestEmitErrorEnds(t *testing.T) {
	want := errors.New("spool is closed")
	err := New(options(strings.NewReader("a\n"))).Run(t.Context(), nil, func(context.Context, bridge.Batch) error { return want })
	if !errors.Is(err, want) {
		t.Errorf("err %v", err)
	}
}

func TestReadErrorEndsAfterTheLines(t *testing.T) {
	var got []kept
	in := io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(errors.New("input/output error")))
	err := New(options(in)).Run(t.Context(), nil, collect(&got, nil))
	if err == nil || len(got) != 2 {
		t.Errorf("err %v, lines %v", err, got)
	}
}

// A read that blocks must not keep Run from returning; an input that knows
// deadlines leaves no goroutine behind (TestMain looks).
func TestEndsWhileAReadBlocks(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	defer in.Close()
	ctx, stop := context.WithCancel(t.Context())
	took := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		done <- New(options(in)).Run(ctx, nil, func(_ context.Context, b bridge.Batch) error {
			took <- string(b.Records[0].Line)
			return nil
		})
	}()
	if _, err := out.WriteString("first\nsecond without end"); err != nil {
		t.Fatal(err)
	}
	if got := <-took; got != "first" {
		t.Errorf("line %q", got)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestEndsWhileAReaderWithoutDeadlinesBlocks(t *testing.T) {
	in, out := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- New(options(in)).Run(ctx, nil, func(context.Context, bridge.Batch) error { return nil })
	}()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	out.Close() // only now does the read return
}

func TestMemoryIsBounded(t *testing.T) {
	o := options(io.LimitReader(endless{}, 300<<20))
	var n int
	var cut int64
	err := New(o).Run(t.Context(), nil, func(_ context.Context, b bridge.Batch) error {
		n += len(b.Records)
		for _, r := range b.Records {
			cut += r.Cut
			if cap(r.Line) > 4<<20 {
				t.Errorf("a line of %d bytes takes %d", len(r.Line), cap(r.Line))
			}
		}
		return nil
	})
	if err != nil || n != 1 || cut != 299<<20 {
		t.Errorf("err %v, %d lines, %d cut", err, n, cut)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		name string
		o    Options
		want string
	}{
		{name: "defaults", o: Defaults()},
		{name: "too small", o: Options{MaxLine: 1023}, want: "max_line: 1023B is out of range; use 1KiB to 64MiB"},
		{name: "too large", o: Options{MaxLine: 64<<20 + 1}, want: "max_line: 67108865B is out of range; use 1KiB to 64MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ""
			for _, p := range tc.o.Check("/etc") {
				got += p.String()
			}
			if got != tc.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func BenchmarkLines(b *testing.B) {
	in := strings.Repeat(strings.Repeat("x", 199)+"\n", 10_000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if err := New(options(strings.NewReader(in))).Run(b.Context(), nil, func(context.Context, bridge.Batch) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "lines/s")
}
