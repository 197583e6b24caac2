package live

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/source/sourcetest"
)

// datagrams gives a source of UDP datagrams; it listens on addr() once it
// runs.
func datagrams(t *testing.T, change func(*DatagramOptions)) (s *Datagrams, addr func() string, l *said) {
	t.Helper()
	l = newSaid()
	at := ""
	o := DatagramOptions{Name: "src", MaxLine: 1 << 10, Log: l.logger(), Listen: func(context.Context) (PacketConn, error) {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err == nil {
			at = c.LocalAddr().String()
		}
		return c, err
	}}
	if change != nil {
		change(&o)
	}
	return NewDatagrams(o), func() string { return at }, l
}

func udp(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestDatagramIsALine(t *testing.T) {
	long := strings.Repeat("x", 1<<10)
	s, addr, l := datagrams(t, nil)
	in := newInbox(t)
	run(t, s, l, in.emit)
	c := udp(t, addr())
	offset := int64(0)
	for i, tc := range []struct {
		name, send, want string
		wantCut          int64
	}{
		{name: "a line", send: "<1>a", want: "<1>a"},
		{name: "with a newline", send: "a\n", want: "a"},
		{name: "one of two", send: "a\n\n", want: "a\n"},
		{name: "embedded newlines forge nothing", send: "a\n4 <1>x\nb", want: "a\n4 <1>x\nb"},
		{name: "empty", send: "", want: ""},
		{name: "as long as may be", send: long, want: long},
		{name: "as long as may be, with a newline", send: long + "\n", want: long},
		{name: "cut by one", send: long + "y", want: long, wantCut: 1},
		{name: "cut", send: long + strings.Repeat("y", 30_000), want: long, wantCut: 30_000},
		{name: "no text", send: "\x00\xff", want: "\x00\xff"},
	} {
		send(t, c, tc.send)
		got := in.await(i + 1)[i]
		if got.line != tc.want || got.cut != tc.wantCut || got.offset != offset || got.stream != "127.0.0.1" || got.end != "" {
			t.Errorf("%s: %.40q, cut %d, offset %d of %s; want offset %d", tc.name, got.line, got.cut, got.offset, got.stream, offset)
		}
		offset += int64(len(tc.send)) + 1
	}
	recs := in.await(10)
	if recs[0].head != recs[9].head {
		t.Error("a start has one head")
	}
}

func TestStopTakesTheDatagramsThatHaveArrived(t *testing.T) {
	const n = 100
	s, addr, l := datagrams(t, nil)
	in := newInbox(t)
	in.gate = make(chan struct{})
	r := run(t, s, l, in.emit)
	c := udp(t, addr())
	for range n {
		send(t, c, "a")
	}
	r.stop()
	close(in.gate)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if got := in.await(n); len(got) != n {
		t.Errorf("%d lines", len(got))
	}
}

func TestSocketOfDatagramsThatFailsIsOpenedAgain(t *testing.T) {
	var conn PacketConn
	s, addr, l := datagrams(t, func(o *DatagramOptions) {
		listen := o.Listen
		o.Listen = func(ctx context.Context) (PacketConn, error) {
			c, err := listen(ctx)
			conn = c
			return c, err
		}
	})
	in := newInbox(t)
	run(t, s, l, in.emit)
	conn.Close()
	l.await(t, "stopped listening")
	sourcetest.Eventually(t, "listening again", func() bool { return l.count("listening\"") == 3 })
	send(t, udp(t, addr()), "a")
	in.await(1)
}

func TestRefusedUsersDatagrams(t *testing.T) {
	d := NewDatagrams(DatagramOptions{Allow: func(uid uint32) bool { return uid == 7 }, Log: newSaid().logger()})
	r := &receiver{d: d}
	for _, uid := range []uint32{7, 8, 8, 7} {
		if r.allows(uid) != (uid == 7) || r.name != fmt.Sprint("uid ", uid) {
			t.Errorf("uid %d as %q", uid, r.name)
		}
	}
	if st := d.Stats(); st.Refused != 2 {
		t.Errorf("stats %+v", st)
	}
}

func TestNoticeIsSaidOnceAMinute(t *testing.T) {
	var n notice
	if k, say := n.count(3); !say || k != 3 {
		t.Errorf("the first: %d, %v", k, say)
	}
	if _, say := n.count(2); say {
		t.Error("said again at once")
	}
	n.last = n.last.Add(-noticeEvery - time.Second)
	if k, say := n.count(1); !say || k != 3 {
		t.Errorf("a minute later: %d, %v", k, say)
	}
}
