package spool

import (
	"errors"
	"fmt"
	"path/filepath"
)

func appendLine(b []byte, l QuarantinedLine) []byte {
	b = appendSized(b, l.Source)
	b = appendTime(b, l.Time)
	return append(b, l.Line...)
}

func parseLine(r stored) (QuarantinedLine, bool) {
	p := reader{b: r.payload}
	l := QuarantinedLine{Number: r.number, Source: string(p.sized()), Time: p.time()}
	l.Line = p.b
	return l, r.kind == kindLine && p.err == nil
}

// ReadQuarantine gives each quarantined line in a state directory, each once:
// first those whose segments are gone, then those that still stand in their
// segments. It takes no lock: the bridge may be running or not. Line is valid
// until each returns; an error of each ends it and is given back.
func ReadQuarantine(dir string, each func(QuarantinedLine) error) error {
	return readQuarantine(OS(), dir, each)
}

func readQuarantine(fsys FS, dir string, each func(QuarantinedLine) error) error {
	var seen numberSet
	once := func(l QuarantinedLine) error {
		if seen.has(l.Number) {
			return nil
		}
		seen.add(l.Number)
		return each(l)
	}
	saved := func() error {
		_, err := readStoreKind(fsys, filepath.Join(dir, quarantineDir), magicQuarantine, kindLine, func(r stored) error {
			if l, ok := parseLine(r); ok {
				return once(l)
			}
			return nil
		})
		return err
	}
	err := saved()
	if err != nil {
		return fmt.Errorf("read quarantined lines: %w", err)
	}
	sv, err := surveySegments(fsys, dir)
	if err != nil {
		return err
	}
	for _, sg := range sv.segs {
		if err := readLines(fsys, dir, sg, once); err != nil && !errors.Is(err, errDeleted) {
			return err
		}
	}
	// Once more: a segment may have gone while we looked, and its lines have
	// been saved before it did.
	return saved()
}
