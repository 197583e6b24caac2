package live

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/source/sourcetest"
)

// reset makes a connection end with an error instead of an end of file: what
// was sent to its maker is left unread.
func reset(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestSenderThatDiesInMidFrame(t *testing.T) {
	for _, tc := range []struct {
		name         string
		send         string
		ack, mustEnd bool
		reset        bool
		wantLine     string
		wantEnd      string
		wantCut      int64
	}{
		{name: "no newline", send: "a\nlsid=12", wantLine: "lsid=12", wantEnd: "partial"},
		{name: "no newline where lines are acknowledged", send: "a\nlsid=12", ack: true, wantLine: "lsid=12", wantEnd: "the connection ended before the line's newline"},
		{name: "no newline where all lines have one", send: "a\nlsid=12", mustEnd: true, wantLine: "lsid=12", wantEnd: "the connection ended before the line's newline"},
		{name: "no newline, broken", send: "a\nlsid=12", reset: true, wantLine: "lsid=12", wantEnd: "the connection broke before the line's newline"},
		{name: "counted", send: "a\n99 <1>x", wantLine: "<1>x", wantEnd: "the connection ended 95 bytes before the frame's end"},
		{name: "counted, broken", send: "a\n99 <1>x", reset: true, wantLine: "<1>x", wantEnd: "the connection broke 95 bytes before the frame's end"},
		{name: "in a count", send: "a\n99", wantLine: "99", wantEnd: "partial"},
		{name: "behind the cut", send: "a\n" + strings.Repeat("x", 1030), wantLine: strings.Repeat("x", 1024), wantCut: 6, wantEnd: "partial"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var addr string
			s, _, l := streams(t, func(o *StreamOptions) {
				o.Ack, o.MustEnd = tc.ack, tc.mustEnd
				o.Listen = func(context.Context) (net.Listener, error) {
					l, err := net.Listen("tcp", "127.0.0.1:0")
					if err == nil {
						addr = l.Addr().String()
					}
					return l, err
				}
			})
			in := newInbox(t)
			run(t, s, l, in.emit)
			dying, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			other, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			send(t, dying, tc.send)
			in.await(1)
			if tc.ack { // left unread, it would break the connection
				if _, err := io.ReadFull(dying, make([]byte, 3)); err != nil {
					t.Fatal(err)
				}
			}
			if tc.reset {
				// The kernel throws away what was not read yet.
				sourcetest.Eventually(t, "read", func() bool {
					return s.Stats().Unfinished == int64(len(tc.wantLine))
				})
				reset(t, dying)
			} else {
				dying.Close()
			}
			if got := in.await(2)[1]; got.line != tc.wantLine || got.end != tc.wantEnd || got.cut != tc.wantCut {
				t.Errorf("the rest is %+v", got)
			}
			send(t, other, "whole\n")
			if got := in.await(3)[2]; got.line != "whole" || got.end != "" {
				t.Errorf("the other's line is %+v", got)
			}
			sourcetest.Eventually(t, "counted", func() bool { st := s.Stats(); return st.Partial+st.Torn == 1 && st.Lines == 3 })
		})
	}
}
