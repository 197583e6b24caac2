//go:build torture

package torture

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// config wants the two receivers' addresses, the number of the run, which goes
// into each POST (only so is it known which of them left before a kill), and
// where to listen.
const config = `
[spool]
keep      = "0s"
max_bytes = "64MiB"
min_free  = "0"

[[sources.tail]]
name         = "appliance"
path         = "appliance/session.log"
format       = "bg"
start        = "beginning"
appliance_id = "support.example.com"

[[sources.tail]]
name         = "branch"
path         = "branch/session.log"
format       = "bg"
start        = "beginning"
appliance_id = "support.example.com"

[[sources.tail]]
name         = "script"
path         = "script/session.log"
format       = "json"
start        = "beginning"
appliance_id = "support.example.com"

[[sources.http]]
name         = "post"
listen       = %[4]q
format       = "form"
appliance_id = "support.example.com"

[[sources.socket]]
name         = "socket"
path         = "socket"
format       = "json"
appliance_id = "support.example.com"
ack          = true

[[sources.drop]]
name         = "drop"
dir          = "drop"
format       = "bg"
done         = "delete"
appliance_id = "support.example.com"

[defaults.http]
headers            = { "X-Run" = "%[3]d" }
send_custom_fields = true
retry_interval     = "50ms"
timeout            = "2s"

[[recipients.http]]
name          = "session"
url           = "http://%[1]s/"
max_in_flight = 8

[[recipients.http]]
name  = "strict"
url   = "http://%[2]s/"
order = "strict"
body  = "json"

[[recipients.file]]
name           = "file"
path           = "events.jsonl"
order          = "none"
retry_interval = "50ms"
`

// site is everything around the bridge.
type site struct {
	t      *testing.T
	seed   uint64
	rng    *rand.Rand
	began  time.Time
	board  *board
	books  []*book
	hands  []*sender
	drops  *dropper
	posts  string // where the bridge takes POSTs
	http   []*receiver
	file   *fileReader
	p      *trial.Program
	kills  []time.Time
	audits int

	reloads *reloader
	torn    map[string]int64 // lines, by source; see tornBy
}

func newSite(t *testing.T) *site {
	seed := *flagSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	dir, err := os.MkdirTemp("", "tailpost-torture-site-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() || *flagKeep {
			t.Logf("kept: %s", dir)
			return
		}
		os.RemoveAll(dir)
	})
	s := &site{t: t, seed: seed, rng: random(seed, "killer"), began: time.Now(), board: newBoard(), torn: map[string]int64{}}
	t.Logf("seed %d", seed)
	s.reloads = &reloader{s: s, rng: random(seed, "reloader"), made: map[string]int{}}
	s.addReceivers(dir)
	s.addBooks(dir)
	s.addSenders(dir)
	s.p = trial.In(t, dir, raceBinary, s.config(0))
	s.p.Tool = plainBinary
	s.p.Config = "whole.toml" // the bridge's own may be one that is refused
	s.p.Write(s.p.Config, "state_dir = \"state\"\nadmin.listen = \"\"\n"+s.config(0))
	return s
}

func (s *site) addReceivers(dir string) {
	s.http = []*receiver{
		newReceiver(s.t, recipient{name: "session", order: "session", inFlight: 8, timeout: 2 * time.Second}, "127.0.0.2", s.board, s.seed),
		newReceiver(s.t, recipient{name: "strict", order: "strict", inFlight: 1, timeout: 2 * time.Second}, "127.0.0.3", s.board, s.seed),
	}
	s.file = &fileReader{
		recipient: recipient{name: "file", order: "none", inFlight: 8}, path: filepath.Join(dir, "events.jsonl"), board: s.board, has: map[key]bool{},
	}
}

func (s *site) addBooks(dir string) {
	for _, b := range []struct {
		name  string
		style style
		share int // of the lines, in percent
		form  func(*author, *message) []string
		noise func(*author) string
	}{
		{"appliance", numbered, 40, bgLines, bgNoise},
		{"branch", dated, 25, bgLines, bgNoise},
		{"script", linked, 15, jsonLines, jsonNoise},
	} {
		if err := os.Mkdir(filepath.Join(dir, b.name), 0o700); err != nil {
			s.t.Fatal(err)
		}
		a := newAuthor(b.name, s.seed, b.form, b.noise)
		s.books = append(s.books, newBook(filepath.Join(dir, b.name, "session.log"), b.style, a, s.board, newPace(*flagLines*b.share/100), s.seed))
	}
}

func (s *site) addSenders(dir string) {
	l, err := net.Listen("tcp", "127.0.0.4:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.posts = l.Addr().String()
	if err := l.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.drops = &dropper{dir: filepath.Join(dir, "drop")}
	if err := os.Mkdir(s.drops.dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	s.hands = []*sender{{
		author: newAuthor("post", s.seed, formLines, nil), board: s.board, pace: newPace(*flagLines * 5 / 100),
		most: 20, hand: poster("http://" + s.posts + "/"),
	}, {
		author: newAuthor("socket", s.seed, jsonLines, jsonNoise), board: s.board, pace: newPace(*flagLines * 10 / 100),
		most: 40, hand: (&talker{path: filepath.Join(dir, "socket")}).hand,
	}, {
		author: newAuthor("drop", s.seed, bgLines, bgNoise), board: s.board, pace: newPace(*flagLines * 5 / 100),
		most: 60, hand: s.drops.hand,
	}}
}

func (s *site) config(run int) string {
	return fmt.Sprintf(config, s.http[0].addr, s.http[1].addr, run, s.posts)
}

// messages gives all that were written. The writers must have ended.
func (s *site) messages() []*message {
	var all []*message
	for _, k := range s.books {
		all = append(all, k.author.messages...)
	}
	for _, h := range s.hands {
		all = append(all, h.author.messages...)
	}
	return all
}

func (s *site) evidence() evidence {
	e := evidence{kills: s.kills}
	for _, m := range s.messages() {
		e.messages = append(e.messages, m.written)
	}
	for _, r := range s.http {
		e.recipients = append(e.recipients, r.seen())
	}
	e.recipients = append(e.recipients, s.file.recipient)
	return e
}
