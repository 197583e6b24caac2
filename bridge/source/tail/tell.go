package tail

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// tell lets the log's gauge know what the reader knows.
func (r *reader) tell(list listing) {
	k := known{decided: r.seen, past: make(map[fileID]int64, len(r.saved)), hidden: map[fileID]bool{}}
	add := func(id fileID, s state, name string, size, mtime int64) {
		k.files = append(k.files, held{id: id, path: r.l.full(name), off: s.off, size: max(size, s.off), mtime: mtime, packed: s.packed})
	}
	for id, s := range r.saved {
		if k.past[id] = s.off; list.hasLive && id == list.live { // closed for others, or not to be opened
			add(id, s, r.l.names.base, s.size, s.mtime)
		}
	}
	for _, g := range r.files {
		if g.copyOf != nil {
			k.hidden[g.at.id] = true
			continue
		}
		add(g.at.id, g.at, g.name, g.size, g.mtime)
		k.failing = max(k.failing, r.broken[g.at.id])
	}
	for _, c := range r.unsure {
		k.hidden[c.st.id] = true
	}
	r.l.gauge.read(k, r.done)
}

// Tell fills in how the source fares: state, text, since, files and lag. It is
// safe for concurrent use, and waits for no disk.
func (s *Source) Tell(to *status.Source) {
	f := s.field.Load()
	if f == nil {
		to.State = status.Starting
		return
	}
	logs := f.all()
	all := make([]fared, 0, len(logs))
	for _, l := range logs {
		all = append(all, l.gauge.fares())
	}
	to.State, to.Text, to.Since = f.judge(all)
	tellFiles(to, all)
	var first time.Time
	for _, a := range all {
		to.LagBytes += a.bytes
		if !a.first.IsZero() && (first.IsZero() || a.first.Before(first)) {
			first = a.first
		}
	}
	if !first.IsZero() {
		to.LagSeconds = max(0, time.Since(first).Seconds())
	}
}

// judge makes one state of those of all logs: that of the worst, but one that
// isn't there doesn't count as long as others are.
func (f *field) judge(all []fared) (status.State, string, time.Time) {
	is, since := f.getReason()
	if f.glob && is.Why != "" && !is.Absent {
		return status.Unreadable, is.Text(), since
	}
	of := map[status.State][]fared{}
	for _, a := range all {
		of[a.state] = append(of[a.state], a)
	}
	for _, st := range [...]status.State{status.Unreadable, status.OK, status.Starting, status.Waiting} {
		if len(of[st]) == 0 {
			continue
		}
		first := slices.MinFunc(of[st], func(a, b fared) int { return a.since.Compare(b.since) })
		switch n := len(of[st]) - 1; {
		case st == status.OK:
			return st, "", time.Time{}
		case n > 0 && st != status.Starting:
			first.text = fmt.Sprintf("%s (and %d more)", first.text, n)
		}
		return st, first.text, first.since
	}
	if is.Why == "" { // it was not expanded yet
		return status.Starting, "", time.Time{}
	}
	return status.Waiting, is.Text(), since
}

// tellFiles puts the newest file of each log first, of those that changed last
// the first; and then the others.
func tellFiles(to *status.Source, all []fared) {
	var newest, others []status.File
	for _, a := range all {
		if len(a.files) > 0 {
			newest = append(newest, a.files[0])
			others = append(others, a.files[1:]...)
		}
	}
	for _, fs := range [][]status.File{newest, others} {
		slices.SortStableFunc(fs, func(a, b status.File) int {
			return cmp.Or(b.Changed.Compare(a.Changed), cmp.Compare(a.Path, b.Path))
		})
	}
	to.Files = append(newest, others...)
	if over := len(to.Files) - status.FilesMost; over > 0 {
		to.Files, to.Others = to.Files[:status.FilesMost:status.FilesMost], over
	}
}
