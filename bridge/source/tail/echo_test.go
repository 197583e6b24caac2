package tail

import "testing"

func TestLinesWrittenBack(t *testing.T) {
	for _, tc := range []struct {
		name, old, next string
		want            []string
		wantRepeated    int64
	}{
		{name: "one", old: text("a", "b"), next: text("b", "c"), want: []string{"a", "b", "c"}, wantRepeated: 1},
		{name: "two", old: text("a", "b", "c"), next: text("b", "c", "d"), want: []string{"a", "b", "c", "d"}, wantRepeated: 2},
		{name: "not up to the last", old: text("a", "b", "c"), next: text("b", "d"), want: []string{"a", "b", "c", "b", "d"}},
		{name: "empty lines", old: text("a", ""), next: text("", "b"), want: []string{"a", "", "", "b"}},
		{name: "not at the beginning", old: text("a", "b"), next: text("c", "b"), want: []string{"a", "b", "c", "b"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			r.write("app.log", tc.old)
			r.start()
			r.until("the old lines", func() bool { return len(r.lines) > 0 })
			r.write("app.next", tc.next)
			r.rename("app.log", "app.log.1")
			r.rename("app.next", "app.log")
			r.want(tc.want...)
			r.wantStats("repeats", func(s Stats) bool { return s.Repeated == tc.wantRepeated })
			r.restart()
			r.quiet()
		})
	}
}
