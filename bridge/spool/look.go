package spool

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// View is what stands on disk: what a start would find, but for what it would
// mend.
type View struct {
	Given      uint64 // how many events were ever given out
	Next       uint64 // the number behind the last event
	Sources    map[string][]bridge.Entry
	Recipients []RecipientView // sorted by name
	Segments   []SegmentView   // oldest first
	Damaged    int64           // bytes in the journal that can't be read
	// NoJournal says that there are segments, and no journal that can be read:
	// a start would send again all that the segments hold.
	NoJournal bool
	// NoSegments says that recipients have had events, and no segment is left,
	// though one always is: the sources' state is gone, too.
	NoSegments bool
}

// RecipientView is what the journal knows of a recipient. What was passed and
// not settled since its last checkpoint counts as waiting.
type RecipientView struct {
	Name   string
	Paused bool
	Stats  QueueStats
}

// SegmentView is one segment.
type SegmentView struct {
	File    string // its name
	First   uint64 // its number, and that of its first event, if it has one
	Next    uint64 // the number behind its last event; First: there is none
	Bytes   int64  // of the file
	Durable int64  // it counts up to here, as far as that can be seen
	Created time.Time
	Changed time.Time
	Wanted  string // a recipient that wants an event in it; "" nobody does
}

// Events is how many events stand in it.
func (s *SegmentView) Events() uint64 { return s.Next - s.First }

// lookTries is how often Look begins again when the files change under it.
const lookTries = 20

// Look reads a state directory without the lock: the bridge may be running or
// not. The terms of each recipient are of one moment.
func Look(dir string) (*View, error) { return look(OS(), dir) }

func look(fsys FS, dir string) (v *View, err error) {
	for range lookTries {
		if v, err = lookOnce(fsys, dir); !errors.Is(err, errDeleted) {
			return v, err
		}
	}
	return nil, fmt.Errorf("the files change faster than they can be read: %w", err)
}

// lookOnce reads the journal before the segments: what it says is true of those
// that are there later, if none has gone meanwhile.
func lookOnce(fsys FS, dir string) (*View, error) {
	before, err := fsys.List(filepath.Join(dir, segmentDir))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", segmentDir, err)
	}
	r, err := lookJournal(fsys, dir)
	if err != nil {
		return nil, err
	}
	sv, err := surveySegments(fsys, dir)
	if err != nil {
		return nil, err
	}
	if sv.lacks(before) {
		return nil, errDeleted
	}
	v := &View{
		Damaged: r.damaged, Sources: make(map[string][]bridge.Entry),
		NoJournal: r.generation == 0 && len(sv.segs) > 0, NoSegments: r.hadEvents() && len(sv.segs) == 0,
	}
	if n := len(sv.segs); n > 0 {
		st, last, _, err := recoverState(fsys, dir, sv.segs)
		if err != nil {
			return nil, deleted(err)
		}
		sv.segs[n-1].limit, sv.segs[n-1].next = last.end, last.next
		sv.segs[n-1].next = r.nextOf(sv.segs[n-1])
		for name := range st.sources {
			v.Sources[name] = st.entries(name)
		}
		v.Given, v.Next = sv.segs[n-1].given(), max(sv.segs[n-1].next, sv.segs[n-1].first())
	}
	if err := sv.measure(fsys, dir); err != nil {
		return nil, deleted(err)
	}
	var list segments
	for _, sg := range sv.segs {
		list.add(sg)
	}
	for _, p := range r.recipients {
		v.Recipients = append(v.Recipients, RecipientView{Name: p.name, Paused: p.paused, Stats: p.balance(&list)})
	}
	slices.SortFunc(v.Recipients, func(a, b RecipientView) int { return strings.Compare(a.Name, b.Name) })
	for _, sg := range sv.segs {
		v.Segments = append(v.Segments, r.view(sg))
	}
	return v, nil
}

// lookJournal replays the journal, which may be written meanwhile.
func lookJournal(fsys FS, dir string) (*replay, error) {
	for range lookTries {
		files, err := openJournal(fsys, dir, false)
		if err != nil {
			return nil, err
		}
		r, err := replayJournal(dir, files)
		if err == nil {
			// A file that was begun anew while it was read is a mixture.
			if newestGeneration(files) != r.generation {
				closeFiles(files[:])
				continue
			}
		}
		closeFiles(files[:])
		return r, err
	}
	return nil, errDeleted
}

// newestGeneration gives the newest generation that the files' heads name.
func newestGeneration(files [2]File) (n uint64) {
	for _, f := range files {
		if f == nil {
			continue
		}
		if h, ok, _ := readHead(f, magicJournal); ok {
			n = max(n, h.first)
		}
	}
	return n
}

func (r *replay) view(sg segment) SegmentView {
	v := SegmentView{
		File: segmentName(sg.first()), First: sg.first(), Next: max(sg.next, sg.first()),
		Bytes: sg.size, Durable: sg.limit, Created: sg.head.created, Changed: sg.changed,
	}
	for _, name := range slices.Sorted(maps.Keys(r.recipients)) {
		if p := r.recipients[name]; p.wants(sg) {
			v.Wanted = p.name
			break
		}
	}
	return v
}

// wants reports whether the recipient has not come past the segment, or has
// events of it parked.
func (p *progress) wants(sg segment) bool {
	if p.wantsUnread(sg) {
		return true
	}
	for _, e := range p.parked {
		if e.place.seg == sg.first() {
			return true
		}
	}
	return false
}
