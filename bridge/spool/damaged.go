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
	seen map[string]bool // by name: whether it is kept; those that are not are known, too
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
func (d *damaged) found(sg segment, f File, s span) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := damagedName(sg.first(), s)
	if _, counted := d.seen[name]; counted {
		return
	}
	d.Ranges++
	d.Bytes += s.bytes()
	d.keepLocked(name, f, s)
	d.sayLocked(d.log.Error(), sg, name, s, "a stretch of a segment can't be read")
}

// torn is told of a write at the end of a segment that a power cut left
// unfinished: nobody was told that it counts, so it is no damage. It reports
// whether a copy is durable.
func (d *damaged) torn(sg segment, f File, s span) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := damagedName(sg.first(), s)
	if kept, counted := d.seen[name]; counted {
		return kept
	}
	d.Torn++
	d.keepLocked(name, f, s)
	d.sayLocked(d.log.Warn(), sg, name, s, "the last write of a segment was cut off; it doesn't count")
	return d.seen[name]
}

func (d *damaged) sayLocked(e *zerolog.Event, sg segment, name string, s span, text string) {
	e = e.Str("segment", segmentName(sg.first())).Int64("from", s.from).Int64("to", s.to)
	if d.seen[name] {
		e = e.Str("set_aside", name)
	}
	e.Msg(text)
}

// keepLocked copies a stretch of a segment.
func (d *damaged) keepLocked(name string, f File, s span) {
	d.seen[name] = false
	if d.Kept+s.bytes() > damagedMost {
		d.NotKept += s.bytes()
		return
	}
	if err := d.copyLocked(name, f, s); err != nil {
		d.NotKept += s.bytes()
		d.log.Warn().Err(err).Str("name", name).Msg("damaged bytes can't be set aside")
		return
	}
	d.seen[name] = true
	d.Kept += s.bytes()
}

// copied keeps a stretch of any file and reports whether a copy is durable.
func (d *damaged) copied(prefix string, f File, s span) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := fmt.Sprintf("%s%x-%x", prefix, s.from, s.to)
	if !d.seen[name] {
		d.keepLocked(name, f, s)
	}
	return d.seen[name]
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
