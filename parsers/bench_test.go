package parsers

import (
	"fmt"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// BenchmarkParse parses the corpus of each format over and over: bg's whole
// lines, and beside them messages in segments. State is saved each 64 lines.
func BenchmarkParse(b *testing.B) {
	long := [][]byte{}
	for i := range 50 {
		for _, part := range cutMessage("h", i%10, fmt.Sprintf("%d%0500d", i, i), 20, 300) {
			long = append(long, []byte(part))
		}
	}
	bg := fileLines(b, "testdata/corpus/bg.log")
	for _, bb := range []struct {
		name  string
		o     Options
		lines [][]byte
	}{
		{"bg", Options{Format: "bg"}, bg[:7]},
		{"bg-segments", Options{Format: "bg"}, long},
		{"siem", Options{Format: "siem"}, fileLines(b, "testdata/corpus/siem.log")},
		{"json", Options{Format: "json"}, fileLines(b, "testdata/corpus/session.jsonl")},
		{"form", Options{Format: "form"}, fileLines(b, "testdata/corpus/form.log")},
		{"regex", regexOptions(), fileLines(b, "testdata/corpus/regex.log")},
	} {
		b.Run(bb.name, func(b *testing.B) {
			p := mustNew(b, bb.o)
			st, _ := p.(bridge.Stateful)
			size := 0
			for _, l := range bb.lines {
				size += len(l)
			}
			b.SetBytes(int64(size / len(bb.lines)))
			b.ReportAllocs()
			var scratch []bridge.Event
			i := 0
			for b.Loop() {
				rec := record(bb.lines[i%len(bb.lines)])
				es, _, err := p.Parse(rec, scratch[:0])
				if err != nil {
					b.Fatal(err)
				}
				scratch = es
				if i++; st != nil && i%64 == 0 {
					st.Changes()
					st.Settled()
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
