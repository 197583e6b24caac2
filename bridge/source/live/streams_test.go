package live

import (
	"testing"

	"github.com/tailpost/tailpost/bridge/source/sourcetest"
)

func TestLinesOfConnections(t *testing.T) {
	s, path, l := streams(t, nil)
	in := newInbox(t)
	run(t, s, l, in.emit)
	a := dial(t, path)
	send(t, a, "one\n4 <1>x\ntwo\n")
	in.await(4)
	b := dial(t, path)
	send(t, b, "three\n")
	got := in.await(5)
	for i, want := range []struct {
		stream string
		offset int64
		line   string
	}{{"c1", 0, "one"}, {"c1", 6, "<1>x"}, {"c1", 10, ""}, {"c1", 11, "two"}, {"c2", 0, "three"}} {
		if g := got[i]; g.stream != want.stream || g.offset != want.offset || g.line != want.line || g.end != "" {
			t.Errorf("record %d is %+v, want %+v", i, g, want)
		}
	}
	if got[0].head != got[3].head || got[0].head == got[4].head {
		t.Error("each connection has a head of its own")
	}
	sourcetest.Eventually(t, "counted", func() bool { return s.Stats().Lines == 5 })
	if st := s.Stats(); st.Bytes != 15 || st.Accepted != 2 || st.Open != 2 {
		t.Errorf("stats %+v", st)
	}
}
