package spool

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rs/zerolog"
)

// damaged sets aside what can't be read: each stretch of bytes becomes a file
// in damaged/, named by its segment and the offsets of its first byte and of
// the one behind it, in hex. So nobody has to stop the bridge to look.
type damaged struct {
	fs  FS
	dir string // damaged/
	log zerolog.Logger

	mu   sync.Mutex
	seen map[string]bool // by name: kept, or counted at least
	Damage
}

const partSuffix = ".part" // a copy that is not finished

func damagedName(first uint64, s span) string {
	return fmt.Sprintf("%016x-%x-%x", first, s.from, s.to)
}

// load looks at what is kept from earlier starts.
func (d *damaged) load() (names []string, err error) {
	infos, err := d.fs.List(d.dir)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", damagedDir, err)
	}
	d.seen = make(map[string]bool, len(infos))
	for _, info := range infos {
		if strings.HasSuffix(info.Name, partSuffix) {
			_ = d.fs.Remove(filepath.Join(d.dir, info.Name))
			continue
		}
		d.seen[info.Name] = true
		d.Kept += info.Size
		names = append(names, info.Name)
	}
	return names, nil
}

// found is told of damage in a segment. Told again of the same, it does
// nothing.
func (d *damaged) found(sg segment, f File, s span) { d.keep(sg.first(), f, s) }

// keep counts a stretch of a segment and copies it. It reports whether the
// copy is durable.
func (d *damaged) keep(first uint64, f File, s span) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := damagedName(first, s)
	if kept, counted := d.seen[name]; counted {
		return kept
	}
	d.Ranges++
	d.Bytes += s.bytes()
	err := fmt.Errorf("%s holds %d bytes already", damagedDir, d.Kept)
	if d.Kept+s.bytes() <= damagedMost {
		err = d.copyLocked(name, f, s)
	}
	d.seen[name] = err == nil
	e := d.log.Error().Str("segment", segmentName(first)).Int64("from", s.from).Int64("to", s.to)
	if err != nil {
		d.NotKept += s.bytes()
		e.AnErr("not_kept", err).Msg("a stretch of a segment can't be read")
		return false
	}
	d.Kept += s.bytes()
	e.Str("kept", name).Msg("a stretch of a segment can't be read; it is set aside")
	return true
}

// whole notes that a segment of which nothing can be read was moved here.
func (d *damaged) whole(name string, bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen[name] = true
	d.Ranges++
	d.Bytes += bytes
	d.Kept += bytes
	d.log.Error().Str("kept", name).Msg("nothing of a segment can be read; it is set aside")
}

func (d *damaged) copyLocked(name string, f File, s span) error {
	part := filepath.Join(d.dir, name+partSuffix)
	to, err := d.fs.Create(part)
	if err != nil {
		return err
	}
	w := newWindow(f, windowBytes)
	w.stubborn = true
	for off := s.from; off < s.to && err == nil; off += windowBytes {
		n := min(windowBytes, s.to-off)
		var b []byte
		if b, err = w.get(off, int(n), s.to); err == nil {
			_, err = to.WriteAt(b, off-s.from)
		}
	}
	if err == nil {
		err = to.Sync()
	}
	if closed := to.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = d.fs.Rename(part, filepath.Join(d.dir, name))
	}
	if err != nil {
		_ = d.fs.Remove(part)
		return err
	}
	return d.fs.SyncDir(d.dir)
}

func (d *damaged) status() Damage {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Damage
}
