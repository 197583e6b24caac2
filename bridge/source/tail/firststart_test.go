package tail

import (
	"strings"
	"testing"
)

func TestFirstStart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, start, in, later string
		want                   []string
		wantSkipped            float64
	}{
		{name: "end", start: StartEnd, in: "a\nb\n", later: "c\n", want: []string{"c"}, wantSkipped: 4},
		{name: "end with a partial line", start: StartEnd, in: "a\nb", later: "c\n", want: []string{"bc"}, wantSkipped: 2},
		{name: "end with nothing but a partial line", start: StartEnd, in: "b", later: "c\n", want: []string{"bc"}},
		{name: "end of an empty file", start: StartEnd, later: "c\n", want: []string{"c"}},
		{name: "end in the middle of a long line", start: StartEnd, in: "a\n" + full + "y", later: "z\nb\n", want: []string{"b"}, wantSkipped: minMaxLine + 3},
		{name: "beginning", start: StartBeginning, in: "a\nb\n", later: "c\n", want: []string{"a", "b", "c"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			r := newRig(t, withLog(&log), shortLines, func(o *Options) { o.Start = tc.start })
			r.write("app.log", tc.in)
			r.write("app.log.1", text("older"))
			r.start()
			r.wantSeen()
			r.write("app.log", tc.later)
			r.want(tc.want...)
			r.restart()
			r.quiet()
			said := log.with(t, `first start: skipped what stood in the file; start = "beginning" would have read it`)
			if tc.wantSkipped == 0 && len(said) != 0 || tc.wantSkipped > 0 && (len(said) != 1 || said[0]["bytes"] != tc.wantSkipped) {
				t.Errorf("said %v", said)
			}
			if tc.in != "" && string(r.lines[0].Head) != strings.SplitN((tc.in + tc.later)[:min(len(tc.in+tc.later), 1024)], "\n", 2)[0] {
				t.Errorf("head %q", r.lines[0].Head)
			}
		})
	}
}

// start is applied once in the life of a source: what is new after it is read
// from 0.
func TestStartIsAppliedOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Start = StartEnd })
	r.write("app.log", text("skipped"))
	r.start()
	r.wantSeen()
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("a"))
	r.want("a")
	r.halt()
	r.rename("app.log.1", "app.log.2")
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("b"))
	r.start()
	r.want("a", "b")
	r.wantNoLoss()
}
