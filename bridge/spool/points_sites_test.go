package spool_test

import (
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tailpost/tailpost/bridge/spool"
)

// sited is a file system that knows from where in the spool a sync is asked
// for. One kind of them it may leave out, and claim that it was made. A sync
// of a segment that is in use takes a moment, so that others come to wait.
type sited struct {
	spool.FS
	without string            // the kind that is left out; empty: none
	leftOut func()            // told of each that is
	seen    func(kind string) // told of each sync
	slow    atomic.Bool       // segments' syncs take a millisecond
	faulty  atomic.Bool       // syncs may fail: none is left out
}

// syncKinds names the places from which the spool syncs, by the function that
// does it, what it syncs, and, where that makes a difference, who asked. The
// first one that fits counts. docs/reliability.md has the same list.
var syncKinds = []struct {
	op, file  string // file: part of the path
	functions string // parted by blanks; all are on the stack
	kind      string
}{
	{"sync", "segments", "(*committer).sync", "a group, into the segment in use"},
	{"sync", "segments", "(*committer).fill", "a new segment"},
	{"syncdir", "segments", "(*committer).fill", "a new segment's name"},
	{"syncdir", "segments", "(*Spool).drop", "a deleted segment's name"},
	{"sync", "segments", "(*Spool).trim", "a start: the newest segment, written again"},
	{"syncdir", "segments", "(*Spool).clear", "a start: the segments' names"},
	{"syncdir", "damaged", "(*Spool).clear", "a start: names of segments set aside, in damaged/"},
	{"sync", "damaged", "(*damaged).copyLocked", "bytes set aside in damaged/"},
	{"syncdir", "damaged", "(*damaged).copyLocked", "their name"},
	{"sync", "journal", "(*journal).sync (*Spool).intend", "facts, before a segment is deleted"},
	{"sync", "journal", "(*journal).sync (*Spool).Serve", "facts, before a recipient is served otherwise"},
	{"sync", "journal", "(*journal).sync", "facts, 50 ms after they were written"},
	{"sync", "journal", "(*journal).renewLocked (*Spool).startEpoch", "the journal, written anew at a start"},
	{"sync", "journal", "(*journal).renewLocked (*Spool).registerLocked", "the journal, written anew for a new recipient"},
	{"sync", "journal", "(*journal).renewLocked", "the journal, written anew because it is full"},
	{"syncdir", "journal", "(*journal).blankLocked", "the journal's names"},
	{"sync", "dead", "(*store).put", "a dead letter"},
	{"syncdir", "dead", "(*store).put", "the name of a file of dead letters"},
	{"sync", "quarantine", "(*store).put", "quarantined lines, before their segment is deleted"},
	{"syncdir", "quarantine", "(*store).put", "the name of a file of quarantined lines"},
	{"sync", "dead", "(*store).writeAgain", "a start: dead letters, written again"},
	{"syncdir", "dead", "(*store).writeAgain", "a start: the names of their files"},
}

// kindOf names the sync that is under way; an unknown one by its functions.
func kindOf(op, name string) string {
	rel, _ := filepath.Rel(dir, name)
	stack := spoolFunctions()
	for _, k := range syncKinds {
		if k.op != op || !strings.HasPrefix(rel, k.file) {
			continue
		}
		all := true
		for _, f := range strings.Fields(k.functions) {
			all = all && strings.Contains(stack, " "+f+" ")
		}
		if all {
			return k.kind
		}
	}
	return op + " " + rel + " by" + stack
}

// spoolFunctions gives the functions of the spool that are under way, the
// innermost first.
func spoolFunctions() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	out := " "
	for {
		f, more := frames.Next()
		if name, ok := strings.CutPrefix(f.Function, "github.com/tailpost/tailpost/bridge/spool."); ok {
			out += name + " "
		}
		if !more {
			return out
		}
	}
}

// sync reports whether a sync is to be made.
func (s *sited) sync(op, name string) bool {
	kind := kindOf(op, name)
	if s.seen != nil {
		s.seen(kind)
	}
	if kind != s.without || s.faulty.Load() {
		return true
	}
	s.leftOut()
	return false
}

func (s *sited) SyncDir(name string) error {
	if !s.sync("syncdir", name) {
		return nil
	}
	return s.FS.SyncDir(name)
}

func (s *sited) Create(name string) (spool.File, error) {
	return s.file(name)(s.FS.Create(name))
}

func (s *sited) Open(name string, write bool) (spool.File, error) {
	return s.file(name)(s.FS.Open(name, write))
}

func (s *sited) file(name string) func(spool.File, error) (spool.File, error) {
	return func(f spool.File, err error) (spool.File, error) {
		if err != nil {
			return nil, err
		}
		return sitedFile{f, s, name}, nil
	}
}

type sitedFile struct {
	spool.File
	s    *sited
	name string
}

func (f sitedFile) Sync() error {
	if f.s.slow.Load() && strings.Contains(f.name, "segments") {
		time.Sleep(time.Millisecond)
	}
	if !f.s.sync("sync", f.name) {
		return nil
	}
	return f.File.Sync()
}
