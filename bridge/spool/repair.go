package spool

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// Repair opens a state directory that no process uses, which mends what a
// start mends, and then sets aside what Verify finds: each stretch that can't
// be read is copied to damaged/, a file of which no head is left is moved
// there. Nothing else is changed and nothing destroyed: events that can be
// read beside a damaged one still can. It gives what was found.
func Repair(ctx context.Context, o Options) ([]Finding, error) {
	s, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	found, err := s.repair()
	return found, errors.Join(err, s.Close())
}

func (s *Spool) repair() (found []Finding, err error) {
	// Twice, so that neither file has an old stretch in it.
	for range s.journal.files {
		if err := s.renewJournal(); err != nil {
			return nil, err
		}
	}
	byFile := make(map[string][]span)
	_, err = verify(s.o.FS, s.o.Dir, func(f Finding) error {
		if !f.Damage {
			return nil
		}
		found = append(found, f)
		byFile[f.File] = append(byFile[f.File], span{f.From, f.To})
		return nil
	})
	if err != nil {
		return found, err
	}
	for name, spans := range byFile {
		if err := s.repairFile(name, spans); err != nil {
			return found, fmt.Errorf("repair %s: %w", name, err)
		}
	}
	return found, nil
}

func (s *Spool) renewJournal() error {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.renewLocked()
}

func (s *Spool) repairFile(name string, spans []span) error {
	path := filepath.Join(s.o.Dir, name)
	f, err := s.o.FS.Open(path, false)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	if spans[0].from == 0 { // its head: segments without one were moved by the start
		to := filepath.Join(s.o.Dir, damagedDir, fmt.Sprintf("%s0-%x", asidePrefix(name), size))
		if err := s.o.FS.Rename(path, to); err != nil {
			return err
		}
		return s.syncDirs(damagedDir, filepath.Dir(name))
	}
	for _, sp := range spans {
		if !s.damaged.copied(asidePrefix(name), f, sp) {
			return errors.New("the damaged bytes can't be copied to damaged/")
		}
	}
	return nil
}
