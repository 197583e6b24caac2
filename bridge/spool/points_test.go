package spool_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// What an event has come to, as a recipient's queue shows it after a start.
const (
	isWaiting = "waiting"
	isSettled = "settled"
	isParked  = "parked"
	isDead    = "dead"
)

// moment is what those who use the spool know at one time: what they were
// told, and what they asked for and were not told of yet.
type moment struct {
	epoch  uint64            // of the numbers that are given now; 0: not open yet
	events map[uint64]string // acknowledged
	at     map[string]string // each source's position
	lines  map[string]bool   // quarantined
	asked  map[int]spool.Ingest
	first  map[string]uint64 // each recipient's first number
	// fates says what each event may have come to, for each recipient: the
	// last one is what was asked for last. Only one: that is durable.
	fates    map[string]map[uint64][]string
	unsure   map[string]map[uint64]bool // a fact that may never become durable
	attempts map[string]map[uint64][]int
	loose    map[string]uint64 // dead letters that are being dropped: they count as either
	off      map[string]bool   // disabled recipients
	offOrOn  map[string]bool   // those that are about to be, or not any longer, too
	deleted  map[string]bool   // segments
	aside    map[string][]byte // files in damaged/
}

func newMoment() *moment {
	return &moment{
		events: map[uint64]string{}, at: map[string]string{}, lines: map[string]bool{}, asked: map[int]spool.Ingest{},
		first: map[string]uint64{}, fates: map[string]map[uint64][]string{}, unsure: map[string]map[uint64]bool{},
		attempts: map[string]map[uint64][]int{}, loose: map[string]uint64{}, deleted: map[string]bool{}, off: map[string]bool{}, offOrOn: map[string]bool{}, aside: map[string][]byte{},
	}
}

// told notes that a record that was asked for counts.
func (m *moment) told(id int, first uint64) {
	in := m.asked[id]
	delete(m.asked, id)
	for _, c := range in.Changes {
		m.at[in.Source] = string(c.Value)
	}
	for _, l := range in.Quarantined {
		m.lines[string(l)] = true
	}
	for i, e := range in.Events {
		m.spooled(first+uint64(i), string(e))
	}
}

func (m *moment) spooled(number uint64, text string) {
	m.events[number] = text
	for name, first := range m.first {
		if number >= first {
			m.fates[name][number] = []string{isWaiting}
			if m.off[name] {
				m.fates[name][number] = []string{isSettled}
			}
		}
	}
}

func (m *moment) registered(name string, first uint64) {
	m.first[name] = first
	m.fates[name], m.unsure[name], m.attempts[name] = map[uint64][]string{}, map[uint64]bool{}, map[uint64][]int{}
}

// may notes what an event comes to when a fact counts that is asked for.
func (m *moment) may(name string, number uint64, outcome string) {
	m.fates[name][number] = append(m.fates[name][number], outcome)
}

// is notes that it is durable what an event has come to.
func (m *moment) is(name string, number uint64, outcome string) {
	m.fates[name][number] = []string{outcome}
	delete(m.unsure[name], number)
}

// sure notes that all facts that were told are durable.
func (m *moment) sure() {
	for name, fates := range m.fates {
		for n, may := range fates {
			if !m.unsure[name][n] {
				fates[n] = may[len(may)-1:]
			}
		}
		for n, tries := range m.attempts[name] {
			m.attempts[name][n] = tries[len(tries)-1:]
		}
	}
}

func (m *moment) top() (n uint64) {
	for number := range m.events {
		n = max(n, number)
	}
	return n
}

// history is how a run went: what became known, step by step, and the file
// system before each operation that changed it.
type history struct {
	mu    sync.Mutex
	steps []func(*moment)
	snaps []snapshot
	fs    *spooltest.FS // the one in use, for what the log tells
	stop  string        // the operation at which the power goes; empty: none
	from  int           // the points before that are as in every run
}

// snapshot is the file system before one operation.
type snapshot struct {
	before string
	fs     *spooltest.FS
	steps  int // what was known then
}

// note adds a step.
func (h *history) note(step func(*moment)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.steps = append(h.steps, step)
}

// watch takes a snapshot before each operation from now on.
func (h *history) watch(fs *spooltest.FS) {
	h.mu.Lock()
	h.fs = fs
	h.mu.Unlock()
	fs.SetWatch(func(op spooltest.Op, name string, before *spooltest.FS) { h.snap(string(op)+" "+name, before) })
}

func (h *history) snap(before string, fs *spooltest.FS) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop == stopped {
		return
	}
	h.snaps = append(h.snaps, snapshot{before, fs, len(h.steps)})
	if h.stop != "" && strings.HasPrefix(before, h.stop) {
		h.stop = stopped
	}
}

const stopped = "stopped"

// stopAt takes the next such operation for the last one before the power goes.
func (h *history) stopAt(op string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stop = op
}

// resume gives the file system of that time. What became known since did not
// happen.
func (h *history) resume() *spooltest.FS {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := h.snaps[len(h.snaps)-1]
	h.steps, h.stop = h.steps[:last.steps], ""
	return last.fs
}

// differs says that from here on the run is another one.
func (h *history) differs() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.from == 0 {
		h.from = len(h.snaps)
	}
}

// known gives what was known after so many steps.
func (h *history) known(steps int) *moment {
	m := newMoment()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, step := range h.steps[:steps] {
		step(m)
	}
	return m
}

// now gives what is known now.
func (h *history) now() *moment {
	h.mu.Lock()
	n := len(h.steps)
	h.mu.Unlock()
	return h.known(n)
}

// Write takes a line of the log: what the spool says that it has deleted, or
// set aside, has to stay so.
func (h *history) Write(b []byte) (int, error) {
	var line struct {
		Message, Segment, Kept string
		SetAside               string `json:"set_aside"`
	}
	if err := json.Unmarshal(b, &line); err != nil {
		return 0, err
	}
	if line.Message == "a segment is deleted" {
		h.note(func(m *moment) { m.deleted[line.Segment] = true })
	}
	if name := line.SetAside + line.Kept; name != "" {
		h.mu.Lock()
		fs := h.fs
		h.mu.Unlock()
		content := fs.Bytes(filepath.Join(dir, "damaged", name))
		h.note(func(m *moment) { m.aside[name] = content })
	}
	return len(b), nil
}

// sortedNumbers gives a map's keys in order.
func sortedNumbers[V any](m map[uint64]V) []uint64 { return slices.Sorted(maps.Keys(m)) }
