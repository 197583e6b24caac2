package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// store keeps records that outlive the segments: dead letters, quarantined
// lines. It is a row of files, each a head and frames; only the newest is
// written to, and only by the process that made it. The oldest go when they
// are too old, or all together too large.
type store struct {
	fs    FS
	dir   string // its own folder
	magic magic
	keep  time.Duration

	mu    sync.Mutex
	files []storeFile // oldest first; the last one is written if file is open
	file  File
	salt  salt
	off   int64
	epoch uint64
	gone  int // files that were deleted
}

type storeFile struct {
	index   uint64
	size    int64
	changed time.Time
}

// stored is one record of a store.
type stored struct {
	kind    kind
	number  uint64
	payload []byte // after reading: valid until each returns

	// After reading, where its frame stands:
	file  uint64 // by its place in the row
	epoch uint64 // in which that was made
	at    span
}

// The kinds of frames in the stores.
const (
	kindLetter kind = 30 // first: the event's number; payload: recipient, time, letter
	kindStruck kind = 31 // first: the event's number; payload: recipient. Letters before it count no longer
	kindLine   kind = 40 // first: the line's number; payload: source, time, line
	kindParsed kind = 41 // first: the number of a line that was replayed
)

const storeSuffix = ".rec"

func storeName(dir string, index uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%016x%s", index, storeSuffix))
}

// listStore gives a store's files, oldest first.
func listStore(fsys FS, dir string) ([]storeFile, error) {
	infos, err := fsys.List(dir)
	if err != nil {
		return nil, err
	}
	var out []storeFile
	for _, info := range infos {
		hex, ok := strings.CutSuffix(info.Name, storeSuffix)
		index, err := strconv.ParseUint(hex, 16, 64)
		if ok && err == nil && len(hex) == 16 {
			out = append(out, storeFile{index, info.Size, info.Changed})
		}
	}
	return out, nil
}

// put makes records durable: all of them, or it is as if there were none. A
// file that fails is left, and the next put begins another one.
func (st *store) put(rs []stored) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.file != nil && st.off >= storeFileBytes {
		_ = st.file.Close()
		st.file = nil
	}
	var b []byte
	fresh := st.file == nil
	if fresh {
		if err := st.beginLocked(); err != nil {
			return err
		}
		b = appendHead(b, fileHead{magic: st.magic, salt: st.salt, epoch: st.epoch, first: st.files[len(st.files)-1].index, created: time.Now()})
	}
	for _, r := range rs {
		b = appendFrame(b, st.salt, frame{kind: r.kind, first: r.number}, r.payload)
	}
	_, err := st.file.WriteAt(b, st.off)
	if err == nil {
		err = st.file.Sync()
	}
	if err == nil && fresh {
		err = st.fs.SyncDir(st.dir)
	}
	if err != nil {
		st.giveUpLocked(fresh)
		return fmt.Errorf("write %s: %w", filepath.Base(st.dir), err)
	}
	st.off += int64(len(b))
	last := &st.files[len(st.files)-1]
	last.size, last.changed = st.off, time.Now()
	return nil
}

// beginLocked makes a new file, empty as yet.
func (st *store) beginLocked() error {
	index := uint64(1)
	if n := len(st.files); n > 0 {
		index = st.files[n-1].index + 1
	}
	f, err := st.fs.Create(storeName(st.dir, index))
	if err != nil {
		return fmt.Errorf("make a file in %s: %w", filepath.Base(st.dir), err)
	}
	st.file, st.salt, st.off = f, newSalt(), 0
	st.files = append(st.files, storeFile{index: index, changed: time.Now()})
	return nil
}

// giveUpLocked leaves the file that failed; one that holds nothing goes.
func (st *store) giveUpLocked(fresh bool) {
	_ = st.file.Close()
	st.file = nil
	if n := len(st.files) - 1; fresh && st.fs.Remove(storeName(st.dir, st.files[n].index)) == nil {
		st.files = st.files[:n]
	}
}

// writeAgain makes records durable that were found in files, with the heads of
// those.
func (st *store) writeAgain(found map[uint64][]span) error {
	for index, spans := range found {
		f, err := st.fs.Open(storeName(st.dir, index), true)
		if err != nil {
			return err
		}
		err = writeAgain(f, append(spans, span{0, bodyStart}))
		_ = f.Close()
		if err != nil {
			return err
		}
	}
	if len(found) == 0 {
		return nil
	}
	return st.fs.SyncDir(st.dir)
}

// expire deletes what is over its time, and the oldest while all together are
// over storeMost. It gives the number of files deleted.
func (st *store) expire(now time.Time) (n int, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	total := int64(0)
	for _, f := range st.files {
		total += f.size
	}
	for len(st.files) > 0 {
		f := st.files[0]
		current := len(st.files) == 1 && st.file != nil
		if current || total <= storeMost && now.Sub(f.changed) <= st.keep {
			break
		}
		if err := st.fs.Remove(storeName(st.dir, f.index)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, err
		}
		st.files, total = st.files[1:], total-f.size
		st.gone++
		n++
	}
	return n, nil
}

func (st *store) status() StoreStatus {
	st.mu.Lock()
	defer st.mu.Unlock()
	out := StoreStatus{Files: len(st.files), Expired: st.gone}
	for _, f := range st.files {
		out.Bytes += f.size
	}
	return out
}

func (st *store) close() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.file != nil {
		_ = st.file.Close()
		st.file = nil
	}
}

// readStoreKind gives each good record of that kind in a store, oldest first,
// and the highest epoch that a head names. In the place of damaged ones it gives
// one of kind 0. It needs no lock: a file that goes meanwhile is left out.
func readStoreKind(fsys FS, dir string, m magic, k kind, each func(stored) error) (epoch uint64, err error) {
	files, err := listStore(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, sf := range files {
		f, err := fsys.Open(storeName(dir, sf.index), false)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return epoch, err
		}
		e, err := readStoreFile(f, storeName(dir, sf.index), m, k, func(r stored) error {
			r.file = sf.index
			return each(r)
		})
		epoch = max(epoch, e)
		_ = f.Close()
		if err != nil {
			return epoch, err
		}
	}
	return epoch, nil
}

// knownStore refuses a store with a file of another version.
func knownStore(fsys FS, dir string, m magic) error {
	files, err := listStore(fsys, dir)
	if err != nil {
		return err
	}
	for _, sf := range files {
		name := storeName(dir, sf.index)
		f, err := fsys.Open(name, false)
		if err != nil {
			return err
		}
		h, _, _ := readHead(f, m)
		_ = f.Close()
		if err := h.foreign(name); err != nil {
			return err
		}
	}
	return nil
}

func readStoreFile(f File, name string, m magic, k kind, each func(stored) error) (epoch uint64, err error) {
	h, ok, _ := readHead(f, m)
	if err := h.foreign(name); err != nil {
		return 0, err
	}
	size, err := f.Size()
	if err != nil || !ok {
		return 0, err
	}
	w := newWalker(f, h.salt, bodyStart, size)
	w.stubborn = true
	for {
		f, at, bad, ok, err := w.next()
		if err != nil || !ok {
			return h.epoch, err
		}
		if bad.bytes() > 0 {
			if err := each(stored{at: bad}); err != nil {
				return h.epoch, err
			}
		}
		if f.kind != k {
			continue
		}
		payload, good, err := w.payload(f, at)
		if err != nil {
			return h.epoch, err
		}
		if !good {
			f.kind, payload = 0, nil
		}
		if err := each(stored{kind: f.kind, number: f.first, payload: payload, epoch: h.epoch, at: span{at, at + f.bytes()}}); err != nil {
			return h.epoch, err
		}
	}
}
