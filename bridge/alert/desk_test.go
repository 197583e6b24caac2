package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

// desk is where alerts arrive, and the bridge that they are about. It lives in
// a bubble of synctest.
type desk struct {
	t     *testing.T
	dir   string
	began time.Time
	off   time.Duration // the bridge did not run for so long
	log   bytes.Buffer

	a    *Alerts
	end  context.CancelFunc
	done chan struct{}
	set  Settings

	mu      sync.Mutex // guards what follows
	got     []string   // "10m0s mail: r is failing"
	mails   []Mail
	posts   []message
	mail    error // what the relay does; nil: takes all
	refused string
	stuck   bool // the relay doesn't answer
	status  int  // of the URL; 0: no connection
}

const hour = time.Hour

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, dir: t.TempDir(), began: time.Now(), status: 204}
	p := Defaults()
	p.EmailContact = option.List{"ops@example.com"}
	s := SystemDefaults()
	s.EmailContact = option.List{"admin@example.com"}
	d.set = Settings{Recipients: map[string]Policy{"r": p}, Sources: map[string]time.Duration{"s": 0}, System: s, Mailer: d}
	return d
}

// withURL gives recipient and system an alert_url, too.
func (d *desk) withURL() {
	p := d.set.Recipients["r"]
	p.URL = "https://hooks.example.com/services/SECRETPATH?key=SECRETQUERY"
	d.set.Recipients["r"] = p
	d.set.System.URL = p.URL
}

func (d *desk) start() {
	d.a = New(Options{Dir: d.dir, Host: "bridge1", Transport: d, Log: zerolog.New(zerolog.SyncWriter(&d.log))})
	d.a.Set(d.set)
	ctx, cancel := context.WithCancel(d.t.Context())
	d.end, d.done = cancel, make(chan struct{})
	go func() {
		defer close(d.done)
		_ = d.a.Run(ctx)
	}()
}

func (d *desk) stop() {
	d.end()
	<-d.done
}

// kill ends the bridge as a crash would: what was not saved is lost.
func (d *desk) kill() {
	path := filepath.Join(d.dir, stateName)
	was, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
	d.stop()
	if was == nil {
		_ = os.Remove(path)
		return
	}
	d.write(path, was)
}

func (d *desk) write(path string, b []byte) {
	d.t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// pass lets time go by.
func (d *desk) pass(long time.Duration) {
	time.Sleep(long) // the bubble's
	synctest.Wait()
}

// down lets time go by while the bridge doesn't run; it isn't counted.
func (d *desk) down(long time.Duration) {
	time.Sleep(long)
	d.off += long
}

// fails is a failed attempt after which so many events are failing.
func (d *desk) fails(events int) {
	d.a.Attempted(bridge.Attempt{Recipient: "r", Event: bridge.EventEnd, Nth: 1, At: time.Now(), Err: "503 Service Unavailable", Peer: "192.0.2.7:443", Wait: 30 * time.Second})
	d.a.Failing("r", events)
}

// works is a delivery after which so many events are failing.
func (d *desk) works(events int) {
	d.a.Attempted(bridge.Attempt{Recipient: "r", Event: bridge.EventEnd, Nth: 1, At: time.Now(), Answer: "200 OK"})
	d.a.Failing("r", events)
}

// dies is an event that becomes a dead letter.
func (d *desk) dies(session string, events int) {
	d.a.Attempted(bridge.Attempt{Recipient: "r", Event: bridge.EventEnd, Session: session, Nth: 3, At: time.Now(), Err: "400 Bad Request", Dead: true})
	d.a.Failing("r", events)
}

// Send is Mailer's.
func (d *desk) Send(ctx context.Context, m Mail) (string, error) {
	d.mu.Lock()
	stuck, err, refused := d.stuck, d.mail, d.refused
	d.mu.Unlock()
	if stuck {
		<-ctx.Done()
		return "", ctx.Err()
	}
	if err != nil {
		return "", err
	}
	d.note("mail to "+strings.Join(m.To, " "), m.Subject)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mails = append(d.mails, m)
	return refused, nil
}

// RoundTrip is the URL's.
func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	b, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	status := d.status
	d.mu.Unlock()
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	var m message
	if err := json.Unmarshal(b, &m); err != nil {
		d.t.Errorf("no JSON: %s", b)
	}
	if status/100 == 2 {
		d.note("post", m.Subject)
		d.mu.Lock()
		d.posts = append(d.posts, m)
		d.mu.Unlock()
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Location": {"https://elsewhere.example.com/"}}, Body: http.NoBody, Request: r}, nil
}

func (d *desk) note(by, subject string) {
	subject = strings.TrimPrefix(subject, "[tailpost] ")
	subject, _, _ = strings.Cut(subject, " since ")
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got = append(d.got, fmt.Sprintf("%v %s: %s", time.Since(d.began)-d.off, by, subject))
}

// behave changes what the relay or the URL does.
func (d *desk) behave(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// want checks what has arrived since the last time.
func (d *desk) want(want ...string) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.got, want) {
		d.t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(d.got, "\n\t"), strings.Join(want, "\n\t"))
	}
	d.got = nil
}

// state gives the topic of that kind as status would show it.
func (d *desk) state(k kind) State {
	for _, s := range d.a.State() {
		if s.Alert == string(k) {
			return s
		}
	}
	return State{}
}
