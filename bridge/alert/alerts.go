package alert

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Options are what Alerts needs besides its Settings.
type Options struct {
	Dir       string            // the state directory
	Host      string            // this machine's name, for people
	Transport http.RoundTripper // to alert_urls; nil: one of its own, that takes its proxy from the environment
	Log       zerolog.Logger
}

// Settings are who is told what, and may change at any time.
type Settings struct {
	Recipients map[string]Policy
	Sources    map[string]time.Duration // each source's silent_after; 0: it may be silent
	System     System
	Mailer     Mailer // nil: there is no mail server
}

// Alerts tells people. Its methods may be called by any goroutine; but for Run
// they only note what they are told.
type Alerts struct {
	o      Options
	client *http.Client
	wake   [channels]chan struct{} // something may be due
	noted  chan struct{}           // something may have to be saved, or logged

	mu      sync.Mutex // guards what follows
	set     Settings
	started time.Time     // when this process began to count
	before  time.Duration // the clock then
	topics  map[key]*topic
	heard   map[string]heard  // each source's last line; of those that must not be silent
	waiting map[string]uint64 // events, by recipient
	idle    map[string]bool   // recipients that nothing is sent to for now
	dirty   bool              // something that must not wait long is not saved

	// As seen last, since the start.
	rejected         map[string]int64  // lines, by source
	givenUp          map[string]uint64 // events, by recipient
	damaged, expired int

	saving sync.Mutex    // around a save
	saved  time.Duration // the last save, or its last failure; guarded by saving
	said   string        // why the last one failed; guarded by saving
}

// New reads what was saved in the state directory. A file that is damaged is
// set aside.
func New(o Options) *Alerts {
	a := &Alerts{
		o: o, client: newClient(o.Transport), started: time.Now(),
		topics: map[key]*topic{}, heard: map[string]heard{}, waiting: map[string]uint64{}, idle: map[string]bool{}, rejected: map[string]int64{}, givenUp: map[string]uint64{},
	}
	for ch := range channels {
		a.wake[ch] = make(chan struct{}, 1)
	}
	a.noted = make(chan struct{}, 1)
	a.load()
	return a
}

// heard is when a source gave a line that was seen last.
type heard struct {
	Read int64         `json:"read"` // lines that it had given then
	At   time.Duration `json:"at"`
}

// clock is how long the bridge has run, over all its starts.
func (a *Alerts) clock() time.Duration { return a.before + time.Since(a.started) }

// Set takes other settings. What was noted of recipients and sources that are
// not in them is forgotten.
func (a *Alerts) Set(s Settings) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.set = s
	for k, t := range a.topics {
		if !a.knownLocked(k) {
			delete(a.topics, k)
			continue
		}
		c := a.contactLocked(k)
		for ch := range channels {
			if !c.reaches(ch) { // who is named later is not told of what was
				t.Voices[ch] = voice{Counted: t.Total}
			}
		}
	}
	maps.DeleteFunc(a.heard, func(name string, _ heard) bool { return s.Sources[name] <= 0 })
	maps.DeleteFunc(a.waiting, func(name string, _ uint64) bool { _, ok := s.Recipients[name]; return !ok })
	maps.DeleteFunc(a.idle, func(name string, _ bool) bool { _, ok := s.Recipients[name]; return !ok })
	maps.DeleteFunc(a.rejected, func(name string, _ int64) bool { _, ok := s.Sources[name]; return !ok })
	a.changedLocked()
}

// knownLocked reports whether a topic's recipient or source is configured.
func (a *Alerts) knownLocked(k key) bool {
	_, recipient := a.set.Recipients[k.name]
	silentAfter, source := a.set.Sources[k.name]
	switch k.kind {
	case failing, deadLetters, lostEvents:
		return recipient
	case silent:
		return silentAfter > 0
	case unreadable, quarantined, lostInput:
		return source
	}
	return true
}

// contactLocked gives who is told of a topic.
func (a *Alerts) contactLocked(k key) contact {
	var c contact
	if k.kind.ofRecipient() {
		p := a.set.Recipients[k.name]
		c = p.contact()
		c.hold = a.idle[k.name]
	} else {
		c = a.set.System.contact()
	}
	if a.set.Mailer == nil {
		c.to = nil
	}
	return c
}

// topicLocked gives a topic, and makes it where there is none yet.
func (a *Alerts) topicLocked(k kind, name string) *topic {
	t := a.topics[key{k, name}]
	if t == nil {
		t = &topic{}
		a.topics[key{k, name}] = t
	}
	return t
}

// changedLocked lets Run look again, and save.
func (a *Alerts) changedLocked() {
	a.dirtyLocked()
	for ch := range channels {
		notify(a.wake[ch])
	}
}

// dirtyLocked lets Run save.
func (a *Alerts) dirtyLocked() {
	a.dirty = true
	notify(a.noted)
}

func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it will look
	}
}

// inOrderLocked gives the keys of all topics, always in the same order.
func (a *Alerts) inOrderLocked() []key {
	return slices.SortedFunc(maps.Keys(a.topics), func(x, y key) int {
		return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.name, y.name))
	})
}

// Run sends what is due until ctx ends. Nothing that fails ends it.
func (a *Alerts) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for ch := range channels {
		wg.Go(func() { a.tell(ctx, ch) })
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(min(a.logLasting(), a.saveIfDue()))
		select {
		case <-ctx.Done():
		case <-a.noted:
		case <-timer.C:
		}
	}
	wg.Wait()
	a.save(true)
	a.client.CloseIdleConnections()
	return nil
}

// logLasting says once of each topic that has lasted for long enough that it
// does: whoever can't be reached by other ways has the log. It gives how long
// there will be nothing more to say.
func (a *Alerts) logLasting() (wait time.Duration) {
	wait = time.Hour
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range a.inOrderLocked() {
		t := a.topics[k]
		c := a.contactLocked(k)
		if !t.On || t.logged || c.hold || !a.knownLocked(k) {
			continue
		}
		if left := t.From + c.after - a.clock(); left > 0 {
			wait = min(wait, left)
			continue
		}
		t.logged = true
		k.named(a.o.Log.Warn()).Time("since", t.Began).Str("why", t.reason()).Msg("alert")
	}
	return wait
}

// endLocked notes that a topic that lasted is over.
func (a *Alerts) endLocked(k key, t *topic) {
	if t.logged {
		k.named(a.o.Log.Info()).Time("since", t.Began).Msg("alert is over")
	}
	t.end()
	a.changedLocked()
}
