package socket

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestModeAndGroup(t *testing.T) {
	gid := os.Getgid()
	if os.Getuid() == 0 {
		gid = 12345
	}
	for _, kind := range []string{KindStream, KindDatagram} {
		s := start(t, func(s *source) { s.o.Kind, s.o.Mode, s.o.Group = kind, "0606", strconv.Itoa(gid) })
		is, err := os.Lstat(s.o.Path)
		if err != nil {
			t.Fatal(err)
		}
		if is.Mode() != os.ModeSocket|0o606 || is.Sys().(*syscall.Stat_t).Gid != uint32(gid) {
			t.Errorf("%s: mode %v, group %d", kind, is.Mode(), is.Sys().(*syscall.Stat_t).Gid)
		}
	}
}

// Between bind and chmod nobody may use the socket, whatever the umask.
func TestSocketIsHiddenUntilItHasItsMode(t *testing.T) {
	if !knowsPeers {
		return // another system: the umask alone
	}
	old := unix.Umask(0)
	defer unix.Umask(old)
	o := Defaults()
	o.Path = filepath.Join(t.TempDir(), "s")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := hide(fd); err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: o.Path}); err != nil {
		t.Fatal(err)
	}
	is, err := os.Lstat(o.Path)
	if err != nil || is.Mode().Perm() != 0 {
		t.Errorf("mode %v, %v", is.Mode(), err)
	}
}

func TestWhatIsThereAlready(t *testing.T) {
	listen := func(network string, keep bool) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			if network == "unixgram" {
				c, err := net.ListenUnixgram(network, &net.UnixAddr{Name: path, Net: network})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				if !keep {
					c.Close()
				}
				return
			}
			l, err := net.ListenUnix(network, &net.UnixAddr{Name: path, Net: network})
			if err != nil {
				t.Fatal(err)
			}
			l.SetUnlinkOnClose(false)
			t.Cleanup(func() { l.Close() })
			if !keep {
				l.Close()
			}
		}
	}
	for _, tc := range []struct {
		name  string
		there func(t *testing.T, path string)
		want  string // why not; empty: it is taken away
	}{
		{name: "nothing", there: func(*testing.T, string) {}},
		{name: "a stale socket", there: listen("unix", false)},
		{name: "a stale socket of datagrams", there: listen("unixgram", false)},
		{name: "a live socket", there: listen("unix", true), want: "another process listens on"},
		{name: "a live socket of datagrams", there: listen("unixgram", true), want: "another process listens on"},
		{name: "a live socket of packets", there: listen("unixpacket", true), want: "another process listens on"},
		{name: "a file", there: func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, want: "is no socket"},
		{name: "a link to a stale socket", there: func(t *testing.T, path string) {
			listen("unix", false)(t, path+"2")
			if err := os.Symlink(path+"2", path); err != nil {
				t.Fatal(err)
			}
		}, want: "is no socket"},
	} {
		for _, kind := range []string{KindStream, KindDatagram} {
			t.Run(tc.name+"/"+kind, func(t *testing.T) {
				s := begin(t, func(s *source) {
					s.o.Kind = kind
					tc.there(t, s.o.Path)
				})
				if tc.want == "" {
					s.Said("listening", 1)
					s.send(s.dial(), "a\n")
					s.Lines(1)
					return
				}
				s.Said("can't listen", 1)
				if w := s.Stats().Waiting; !strings.Contains(w, tc.want) {
					t.Errorf("waiting because of %q", w)
				}
				if _, err := os.Lstat(s.o.Path); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestDirectoryThatComesLater(t *testing.T) {
	s := begin(t, func(s *source) { s.o.Path = filepath.Join(t.TempDir(), "later", "s") })
	s.Said("create the directory", 1)
	if err := os.Mkdir(filepath.Dir(s.o.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	s.Said("listening\"", 1)
	s.send(s.dial(), "a\n")
	s.Lines(1)
}

// Someone cleans up: without its file the socket would be there for nobody.
func TestFileThatIsGoneIsMadeAnew(t *testing.T) {
	for _, kind := range []string{KindStream, KindDatagram} {
		s := start(t, func(s *source) { s.o.Kind = kind })
		c := s.dial()
		s.send(c, "a\n")
		s.Lines(1)
		if err := os.Remove(s.o.Path); err != nil {
			t.Fatal(err)
		}
		s.Said("the socket's file is gone", 1)
		s.Said(`"listening"`, 2)
		s.send(s.dial(), "b\n")
		s.Lines(2)
		if kind == KindStream { // a connection needs no file
			s.send(c, "c\n")
			s.Lines(3)
		}
	}
}

func TestFileGoesWithTheSource(t *testing.T) {
	for _, kind := range []string{KindStream, KindDatagram} {
		s := start(t, func(s *source) { s.o.Kind = kind })
		s.End()
		if _, err := os.Lstat(s.o.Path); !os.IsNotExist(err) {
			t.Errorf("%s: %v", kind, err)
		}
		other := start(t, func(s *source) { s.o.Kind = kind })
		if err := os.Remove(other.o.Path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(other.o.Path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		other.End()
		if _, err := os.Lstat(other.o.Path); err != nil {
			t.Errorf("%s: what has taken its name is gone, too: %v", kind, err)
		}
	}
}
