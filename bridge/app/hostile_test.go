package app

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tailpost/tailpost/bridge/source/framing"
)

// TestHostileBytes: whatever comes, no source crashes or stalls, each line is
// accounted for, and what stands behind the cut of a long one is no event.
func TestHostileBytes(t *testing.T) {
	addr := freeAddr(t)
	const head = "name = \"in\"\nformat = \"bg\"\nappliance_id = \"box\"\nmax_line = \"32KiB\"\n"
	for _, tc := range []struct {
		name, config string
		long         int
		feed         func(*site, hostile) int64 // gives how many lines that were
		last         func(*site, []byte)        // sends one more line
	}{
		{name: "socket", config: "[[sources.socket]]\n" + head + "path = \"s\"\n", long: hostileLong(),
			feed: func(s *site, h hostile) int64 { return s.feedStream("unix", filepath.Join(s.dir, "s"), h) },
			last: func(s *site, b []byte) { s.write(s.dial("unix", filepath.Join(s.dir, "s")), b) }},
		{name: "socket of datagrams", config: "[[sources.socket]]\n" + head + "path = \"s\"\nkind = \"datagram\"\n", long: 150 << 10,
			feed: func(s *site, h hostile) int64 {
				return s.feedDatagrams("unixgram", filepath.Join(s.dir, "s"), h, 2000)
			},
			last: func(s *site, b []byte) { s.write(s.dial("unixgram", filepath.Join(s.dir, "s")), b) }},
		{name: "syslog over TCP", config: "[[sources.syslog]]\n" + head + "listen = \"tcp://" + addr + "\"\n", long: hostileLong(),
			feed: func(s *site, h hostile) int64 { return s.feedStream("tcp", addr, h) },
			last: func(s *site, b []byte) { s.write(s.dial("tcp", addr), b) }},
		{name: "syslog over UDP", config: "[[sources.syslog]]\n" + head + "listen = \"udp://" + addr + "\"\n", long: 60_000,
			feed: func(s *site, h hostile) int64 { return s.feedDatagrams("udp", addr, h, 50) },
			last: func(s *site, b []byte) { s.write(s.dial("udp", addr), b) }},
		{name: "tail", config: "[[sources.tail]]\n" + head + "path = \"log\"\nstart = \"beginning\"\n", long: hostileLong(),
			feed: func(s *site, h hostile) int64 { return s.feedFile("log", h) },
			last: func(s *site, b []byte) { s.append("log", b) }},
		{name: "stdin", config: "[[sources.stdin]]\n" + head, long: hostileLong(),
			feed: func(s *site, h hostile) int64 { s.write(s.in, h.lines()); return h.newlines() },
			last: func(s *site, b []byte) { s.write(s.in, b) }},
		{name: "drop", config: "[[sources.drop]]\n" + head + "dir = \"d\"\n", long: hostileLong(),
			feed: func(s *site, h hostile) int64 { s.drop("a", h.lines()); return h.newlines() },
			last: func(s *site, b []byte) { s.drop("b", b) }},
		{name: "http", config: "[[sources.http]]\n" + strings.Replace(head, "bg", "json", 1) + "listen = \"" + addr + "\"\n", long: hostileLong(),
			feed: func(s *site, h hostile) int64 { return s.feedPosts("http://"+addr, h) },
			last: func(s *site, _ []byte) {
				s.post("http://"+addr, []byte(`{"event":"support_conference_end","timestamp":2,"lsid":"last"}`))
			}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := startSite(t, tc.config)
			read := tc.feed(s, newHostile(t, tc.long))
			s.until(fmt.Sprintf("read: %d lines", read), func() bool { return s.totals().Read >= read })
			tc.last(s, []byte("Dec  3 15:26:05 h BG: 1427:01:01:event=support_conference_end;when=1733239565;lsid=last\n"))
			s.until("delivered: the last one", func() bool { return strings.Contains(s.delivered(), `"lsid":"last"`) })
			s.until("counted: the last one", func() bool { return s.totals().Read > read })
			got := s.totals()
			if got.Read != read+1 || got.Read != got.Parsed+got.Ignored+got.Quarantined+got.Open {
				t.Errorf("of %d lines: %+v", read+1, got)
			}
			if got.Cut == 0 && tc.name != "http" { // which refuses it
				t.Errorf("the long line was not cut: %+v", got)
			}
			if strings.Contains(s.delivered(), forged) {
				t.Error("text behind the cut has become an event")
			}
			t.Logf("%+v", got)
		})
	}
}

// feedStream sends the pieces by three connections, one of which dies in the
// middle of a frame, and counts frames as the source should.
func (s *site) feedStream(network, addr string, h hostile) (frames int64) {
	third := len(h.pieces) / 3
	for i, b := range [][]byte{
		bytes.Join(h.pieces[:third], []byte("\n")),
		append(bytes.Join(h.pieces[third:2*third], nil), "\n500 <133>half a frame"...),
		append(append(bytes.Join(h.pieces[2*third:], []byte("\n")), '\n'), h.long...),
	} {
		if i == 2 {
			b = append([]byte("\n"), b...)
		}
		c := s.dial(network, addr)
		s.write(c, b)
		c.Close()
		frames += countFrames(b)
	}
	return frames
}

func countFrames(b []byte) (n int64) {
	sp := framing.New(hostileMost)
	for len(b) > 0 {
		b = sp.Take(b)
		n += int64(len(sp.Records()))
		sp.Sent()
	}
	if _, _, ok := sp.Rest(); ok {
		n++
	}
	return n
}

// feedDatagrams sends each piece as a datagram, and waits each time that so
// many are on their way.
func (s *site) feedDatagrams(network, addr string, h hostile, ahead int) int64 {
	s.until("a socket", func() bool {
		if network == "udp" {
			return s.bound(addr)
		}
		_, err := os.Stat(addr)
		return err == nil
	})
	c := s.dial(network, addr)
	all := append(h.pieces, h.long)
	for i, b := range all {
		_, err := c.Write(b)
		for errors.Is(err, syscall.EAGAIN) { // Go doesn't wait with an empty one
			_, err = c.Write(b)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		if (i+1)%ahead == 0 {
			s.until("read", func() bool { return s.totals().Read == int64(i+1) })
		}
	}
	return int64(len(all))
}

// bound reports whether somebody has an address for datagrams.
func (s *site) bound(addr string) bool {
	c, err := net.ListenPacket("udp", addr)
	if err == nil {
		c.Close()
	}
	return err != nil
}

// feedPosts sends each piece as a request, and counts those that were taken.
func (s *site) feedPosts(url string, h hostile) (taken int64) {
	for _, b := range append(h.pieces, h.long) {
		switch status := s.post(url, b); status {
		case http.StatusOK:
			taken++
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			s.t.Errorf("status %d of %.60q", status, b)
		}
	}
	return taken
}

// post gives the status of the answer; 413 where the connection was closed
// while a body over the bound was being sent.
func (s *site) post(url string, body []byte) int {
	s.t.Helper()
	var status int
	s.until("an answer", func() bool {
		r, err := http.Post(url, "application/json", bytes.NewReader(body))
		if err != nil {
			if len(body) > hostileMost && !errors.Is(err, syscall.ECONNREFUSED) {
				status = http.StatusRequestEntityTooLarge
				return true
			}
			return false
		}
		r.Body.Close()
		status = r.StatusCode
		return true
	})
	return status
}

// drop puts a whole file into the directory.
func (s *site) drop(name string, b []byte) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Join(s.dir, "d"), 0o700); err != nil {
		s.t.Fatal(err)
	}
	s.append(name, b)
	if err := os.Rename(filepath.Join(s.dir, name), filepath.Join(s.dir, "d", name)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) feedFile(name string, h hostile) int64 {
	s.append(name, h.lines())
	return h.newlines()
}
