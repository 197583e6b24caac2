package spool

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/tailpost/tailpost/bridge/codec"
)

func appendLine(b []byte, l QuarantinedLine) []byte {
	b = codec.AppendSized(b, l.Source)
	b = codec.AppendTime(b, l.Time)
	return append(b, l.Line...)
}

func parseLine(r stored) (QuarantinedLine, bool) {
	p := readerOf(r.payload)
	l := QuarantinedLine{Number: r.number, Source: string(p.Sized()), Time: p.Time()}
	l.Line = p.Rest
	return l, r.kind == kindLine && p.Err == nil
}

// ReadQuarantine gives each quarantined line in a state directory, each once,
// without those that were replayed: first those whose segments are gone, then
// those that still stand in their segments. It takes no lock: the bridge may be
// running or not. Line is valid until each returns; an error of each ends it
// and is given back.
func ReadQuarantine(dir string, each func(QuarantinedLine) error) error {
	return readQuarantine(OS(), dir, each)
}

func readQuarantine(fsys FS, dir string, each func(QuarantinedLine) error) error {
	out := quarantineReader{fs: fsys, dir: dir}
	done := func(n uint64) error { out.done.add(n); return nil }
	err := out.both(kindParsed, func(r stored) error { return done(r.number) },
		func(sg segment) error { return readReplayed(fsys, dir, sg, done) })
	if err == nil {
		once := func(l QuarantinedLine) error {
			if out.done.has(l.Number) {
				return nil
			}
			out.done.add(l.Number)
			return each(l)
		}
		err = out.both(kindLine, func(r stored) error {
			if l, ok := parseLine(r); ok {
				return once(l)
			}
			return nil
		}, func(sg segment) error { return readLines(fsys, dir, sg, once) })
	}
	if err != nil {
		return fmt.Errorf("read quarantined lines: %w", err)
	}
	return nil
}

// quarantineReader goes over the store and the segments.
type quarantineReader struct {
	fs   FS
	dir  string
	done numberSet // replayed, or given already
}

// both shows the records of a kind in the store, then the segments, then the
// records once more: a segment may have gone meanwhile, and what it says of
// quarantined lines has been saved before it did.
func (q *quarantineReader) both(k kind, record func(stored) error, of func(segment) error) error {
	store := func() error {
		_, err := readStoreKind(q.fs, filepath.Join(q.dir, quarantineDir), magicQuarantine, k, record)
		return err
	}
	if err := store(); err != nil {
		return err
	}
	sv, err := surveySegments(q.fs, q.dir)
	if err != nil {
		return err
	}
	for _, sg := range sv.segs {
		if err := of(sg); err != nil && !errors.Is(err, errDeleted) {
			return err
		}
	}
	return store()
}
