package tail

import (
	"fmt"
	"os"
	"testing"
)

// timed gives lines with a time in each.
func timed(from, to int) []string {
	var ls []string
	for i := from; i < to; i++ {
		ls = append(ls, fmt.Sprintf("Jan 31 %02d:%02d:%02d host event=%d", i/3600, i/60%60, i%60, i%3))
	}
	return ls
}

func TestLinesWrittenBack(t *testing.T) {
	t.Parallel()
	ls := timed(0, 200)
	for _, tc := range []struct {
		name, old, next string
		want            []string
		wantRepeated    int64
		wantDoubt       int64
		sameInPlace     bool // what was read stands where it stood: whether it was cut before may not be seen
	}{
		{name: "one", old: text(ls[:2]...), next: text(ls[1:3]...), want: ls[:3], wantRepeated: 1},
		{name: "two", old: text(ls[:3]...), next: text(ls[1:4]...), want: ls[:4], wantRepeated: 2},
		{name: "all of a short log", old: text(ls[:3]...), next: text(ls[:4]...), want: ls[:4], wantRepeated: 3, sameInPlace: true},
		{name: "more than is remembered", old: text(ls[:150]...), next: text(ls[50:160]...), want: ls[:160], wantRepeated: 100},
		{name: "a message of which one line has the time", old: text("x", ls[0], " at foo", " at bar"), next: text(ls[0], " at foo", " at bar", "y"),
			want: []string{"x", ls[0], " at foo", " at bar", "y"}, wantRepeated: 3},
		{name: "a Unix time", old: text("x", `{"timestamp":1733240460}`), next: text(`{"timestamp":1733240460}`, "y"),
			want: []string{"x", `{"timestamp":1733240460}`, "y"}, wantRepeated: 1},

		{name: "a line without a time", old: text("a", "b"), next: text("b", "c"), want: []string{"a", "b", "b", "c"}, wantDoubt: 1},
		{name: "two lines without a time", old: text("a", "b", "c"), next: text("b", "c", "d"), want: []string{"a", "b", "c", "b", "c", "d"}, wantDoubt: 1},
		{name: "a line that is said again and again", old: text(ls[0], ls[0]), next: text(ls[0], ls[1]), want: []string{ls[0], ls[0], ls[0], ls[1]}, wantDoubt: 1},

		{name: "not up to the last", old: text(ls[:3]...), next: text(ls[1], ls[4]), want: []string{ls[0], ls[1], ls[2], ls[1], ls[4]}},
		{name: "empty lines", old: text("a", ""), next: text("", "b"), want: []string{"a", "", "", "b"}},
		{name: "not at the beginning", old: text(ls[:2]...), next: text("c", ls[1]), want: []string{ls[0], ls[1], "c", ls[1]}},
	} {
		for _, how := range []string{"rename", "truncate", "down"} {
			t.Run(tc.name+"/"+how, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				r.write("app.log", tc.old)
				r.start()
				r.until("the old lines", func() bool { return len(r.lines) > 0 })
				if how == "truncate" {
					r.put("app.log", tc.next, os.O_TRUNC|os.O_WRONLY)
				} else {
					if how == "down" {
						r.halt()
					}
					r.write("app.next", tc.next)
					r.rename("app.log", "app.log.1")
					r.rename("app.next", "app.log")
					if how == "down" {
						r.start()
					}
				}
				r.want(tc.want...)
				either := how == "truncate" && tc.sameInPlace
				r.wantStats("repeats", func(s Stats) bool {
					return (either || s.Repeated == tc.wantRepeated) && s.Discontinuities == tc.wantDoubt
				})
				r.restart()
				r.quiet()
			})
		}
	}
}
