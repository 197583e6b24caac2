//go:build torture

package torture

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	t     *testing.T
	seed  uint64
	rng   *rand.Rand
	began time.Time
	board *board
	books []*book
	hands []*sender
	drops *dropper
	posts string // where the bridge takes POSTs
	http  []*receiver
	file  *fileReader
	p     *trial.Program
	kills []time.Time
}

// TestTorture kills the bridge while its logs are rotated in every way and its
// receivers fail. What still stood in a file when it could look must arrive;
// nothing may arrive again that was not under way at a kill or timed out;
// sessions keep their order.
func TestTorture(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(*flagKills)*5*time.Second)
	defer cancel()
	s.begin(ctx)
	written := make(chan error)
	for _, k := range s.books {
		go func() { written <- k.fill(ctx) }()
	}
	for _, h := range s.hands {
		go func() { written <- h.fill(ctx) }()
	}
	for run := range *flagKills {
		s.live(ctx, run)
		s.kill(run)
	}
	s.t.Logf("%d kills in %.0f s", *flagKills, time.Since(s.began).Seconds())
	s.start(*flagKills)
	s.allow(*flagLines)
	for range len(s.books) + len(s.hands) {
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
	s.finish(ctx)
	s.report(judge(s.evidence()))
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
	s := &site{t: t, seed: seed, rng: random(seed, "killer"), began: time.Now(), board: newBoard()}
	t.Logf("seed %d", seed)
	s.addReceivers(dir)
	s.addBooks(dir)
	s.addSenders(dir)
	s.p = trial.In(t, dir, raceBinary, s.config(0))
	return s
}

func (s *site) addReceivers(dir string) {
	s.http = []*receiver{
		newReceiver(s.t, recipient{name: "session", order: "session", inFlight: 8, timeout: 2 * time.Second}, "127.0.0.2", s.board, s.seed),
		newReceiver(s.t, recipient{name: "strict", order: "strict", inFlight: 1, timeout: 2 * time.Second}, "127.0.0.3", s.board, s.seed),
	}
	s.file = &fileReader{
		recipient: recipient{name: "file", order: "none", inFlight: 8}, path: filepath.Join(dir, "events.jsonl"), board: s.board,
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

// begin makes the logs and lets the bridge meet them: what was rotated before
// its very first start is not read.
func (s *site) begin(ctx context.Context) {
	s.allow(*flagLines / 100)
	for _, k := range s.books {
		if err := k.begin(); err != nil {
			s.t.Fatal(err)
		}
	}
	s.start(0)
	for _, k := range s.books {
		for len(s.board.unseen(k.author.messages[:1])) > 0 {
			_, _, more := s.board.counts()
			select {
			case <-more:
			case <-ctx.Done():
				s.t.Fatalf("nothing of %s has arrived: %v", k.path, ctx.Err())
			}
		}
	}
}

func (s *site) start(run int) {
	s.p.Configure(s.config(run))
	s.p.Start()
}

// allow lets all logs grow by n lines.
func (s *site) allow(n int) {
	for _, k := range s.books {
		k.pace.allow(1 + n*k.pace.total / *flagLines)
	}
	for _, h := range s.hands {
		h.pace.allow(1 + n*h.pace.total / *flagLines)
	}
}

// live starts the bridge, but for the first time, and leaves it alone for
// some requests or some time.
func (s *site) live(ctx context.Context, run int) {
	if run > 0 {
		s.start(run)
	}
	each := *flagLines / *flagKills
	s.allow(each*9/10 + s.rng.IntN(each/5+1))
	long, requests := 50+s.rng.IntN(1800), 1+s.rng.IntN(8*each)
	switch s.rng.IntN(16) {
	case 0, 1:
		long = s.rng.IntN(100) // while it starts
	case 2:
		long, requests = 3000, math.MaxInt32 // long enough to let go of rotated files
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(long)*time.Millisecond)
	defer cancel()
	have, _, _ := s.board.counts()
	s.board.await(ctx, have+requests)
}

// kill ends a run. What happens to the logs while the bridge is down is up to
// chance.
func (s *site) kill(run int) {
	s.kills = append(s.kills, time.Now())
	s.p.Kill()
	if err := s.file.read(run); err != nil {
		s.t.Fatal(err)
	}
	if s.rng.IntN(2) == 0 {
		return
	}
	k := s.books[s.rng.IntN(len(s.books))]
	if err := k.downtime(s.rng.IntN(4), s.rng.IntN(3) == 0); err != nil {
		s.t.Fatal(fmt.Errorf("rotate %s: %w", k.path, err))
	}
}

// finish waits until all has arrived and ends the bridge.
func (s *site) finish(ctx context.Context) {
	for _, k := range s.books {
		if err := k.end(); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, r := range s.http {
		r.settle()
	}
	for _, r := range s.http {
		r.awaitTaken(ctx, s.messages())
		s.t.Logf("recipient %s has all %.0f s after the begin", r.name, time.Since(s.began).Seconds())
	}
	if err := s.drops.awaitEmpty(ctx); err != nil {
		s.t.Errorf("drop directory: %v", err)
	}
	s.p.Stop()
	if err := s.file.read(*flagKills); err != nil {
		s.t.Fatal(err)
	}
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

var errNothing = errors.New("no line could be written")

// begin writes the first lines.
func (k *book) begin() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.style == linked {
		if err := k.rotate(bySwitch); err != nil {
			return err
		}
	}
	n, _ := k.pace.some(5)
	if n == 0 {
		return errNothing
	}
	return errors.Join(k.write(n), k.finishLine())
}
