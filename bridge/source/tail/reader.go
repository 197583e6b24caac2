package tail

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// file is a file that is held and read. All fields are owned by the reader.
type file struct {
	f     body
	name  string // the last one seen, within the directory
	at    state  // durable: what was emitted last, or where a new file begins
	marks marks  // of the position at.off

	age         int64     // its mtime, when it was put in its place
	size, mtime int64     // at the last look
	looked      bool      // it has been looked at since it was opened
	scanned     int64     // no newline between at.off and here
	begins      []byte    // the first window bytes of these, where at.off is 0: no marks tell it from another beginning
	changed     time.Time // when size or mtime changed last, or it lost its name
	wasLive     bool
	torn        int   // reads in a row in which it changed under the reader
	copyOf      *file // it repeats this one, so far: held, not read
}

// reader decides what is read from where, and reads it. One goroutine owns it.
type reader struct {
	o      Options
	log    zerolog.Logger
	l      *lookout
	counts *counters
	emit   bridge.Emit

	files    []*file              // held, in the order in which they are read: see put
	placed   bool                 // some of them have got a place, or another one, since the look began to read
	saved    map[fileID]state     // unfinished, from the last run, their files not met yet
	done     map[fileID]state     // finished, remembered
	missing  map[fileID]time.Time // files of saved or done that were not seen, and since when
	unsure   []*found             // empty siblings: what they are, will show
	last     []uint64             // hashes of the last lines that were taken
	seen     bool                 // the source has been started before
	seq      uint64               // the last one given
	oldest   int64                // siblings whose mtime is below were there before us: never read
	buf      []byte               // what search has read
	unlisted string               // the reason that was logged last why the directory can't be listed
	said     string               // the reason that was logged last why the file can't be read
	broken   map[fileID]string    // files with a read error that was logged

	others func() (done int, near bool) // of the source's other logs: see follow.others
}

// newReader goes on from the states of an earlier run. That there are some, or
// that the source was started before, says that start has been applied.
func newReader(o Options, l *lookout, c *counters, from []state, seen bool, emit bridge.Emit) *reader {
	r := &reader{
		o: o, l: l, counts: c, emit: emit,
		log:   o.Log.With().Str("source", o.Name).Str("path", o.Path).Logger(),
		saved: map[fileID]state{}, done: map[fileID]state{}, missing: map[fileID]time.Time{},
		broken: map[fileID]string{}, said: c.waits(o.Path),
		seen: seen || len(from) > 0, others: func() (int, bool) { return 0, false },
	}
	newest, first := int64(0), int64(math.MaxInt64)
	for _, s := range from {
		if s.seq >= r.seq && len(s.lines) > 0 {
			r.last = s.lines
		}
		r.seq = max(r.seq, s.seq)
		newest = max(newest, s.mtime)
		if s.finished {
			r.done[s.id] = s
			first = min(first, s.mtime)
			l.known(s.id, s.extent())
		} else {
			r.saved[s.id] = s
		}
	}
	r.before(newest)
	if len(r.done) >= maxDone { // some were forgotten: what is no newer than any of the others was one of them
		r.oldest = max(r.oldest, first+1)
	}
	r.want()
	return r
}

// want has the files of saved positions opened under whatever name they have.
func (r *reader) want() {
	wanted := map[fileID]bool{}
	var where []string
	for id, s := range r.saved {
		wanted[id] = true
		if s.where != "" && !slices.Contains(where, s.where) {
			where = append(where, s.where)
		}
	}
	r.l.want(wanted, where)
}

func (r *reader) close() {
	for _, g := range r.files {
		r.l.release(g.f, g.at.id)
	}
	for _, c := range r.unsure {
		r.l.release(c.f, c.st.id)
	}
}

// look admits what was found and reads each held file on, the oldest first. What
// was found is taken before anything is read, so that a file that was there
// before another one began is read to the end that it had then, at least. It
// reports whether there may be more to read at once.
func (r *reader) look(ctx context.Context) (more bool, err error) {
	r.strayed()
	if err := r.admit(ctx); err != nil {
		return false, err
	}
	list := r.l.listing()
	r.tellTrouble(list)
	if err := r.remember(ctx, list); err != nil {
		return false, err
	}
	r.tell(list)
	defer r.tell(list)
	wait := r.unpackingOlder(list)
	r.placed = false
	for _, g := range slices.Clone(r.files) {
		r.named(g, list)
		if g.copyOf != nil || !slices.Contains(r.files, g) || wait && g.at.off == 0 {
			continue
		}
		read, err := r.read(ctx, g)
		if errors.Is(err, errOlder) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		more = more || read
		if r.placed { // reading g had files admitted: the next one may be one of these
			return true, nil
		}
	}
	return more, r.forget(ctx, list)
}

// named keeps the file's present name, and notes when it stopped being live.
func (r *reader) named(g *file, list listing) {
	if name, ok := list.names[g.at.id]; ok {
		g.name = name
	}
	live := r.isLive(g, list)
	if g.wasLive && !live {
		g.changed = time.Now()
	}
	g.wasLive = live
}

func (r *reader) isLive(g *file, list listing) bool { return list.hasLive && list.live == g.at.id }

// read reads the file on to the end that it has now. It reports whether
// anything was read.
func (r *reader) read(ctx context.Context, g *file) (bool, error) {
	if p, ok := g.f.(*packed); ok && !p.same() {
		r.saved[g.at.id] = g.at // it is measured and judged again
		r.rejudge(g)
		return false, nil
	}
	st, err := g.f.stat()
	if err != nil {
		return false, r.cantRead(g, err)
	}
	if g.looked && st.size == g.size && st.mtime == g.mtime {
		return false, r.linger(ctx, g, st)
	}
	whole, err := g.marks.hold(g.f, g.at.off)
	if err != nil {
		return false, r.cantRead(g, err)
	}
	if !whole || g.at.off == 0 && !g.sameBeginning(st) {
		return true, r.admit(ctx)
	}
	if err := r.shrunk(ctx, g, st); err != nil {
		return false, err
	}
	g.size, g.mtime, g.changed = max(g.size, st.size), st.mtime, time.Now()
	read, err := r.drain(ctx, g, st.size)
	switch {
	case errors.Is(err, errOlder):
		g.looked = false
		return true, err
	case errors.Is(err, errChanged):
		g.looked = false
		g.torn++ // at once again, but not for ever
		return read || g.torn < 3, r.admit(ctx)
	case errors.As(err, new(readError)):
		return false, r.cantRead(g, err)
	case err != nil:
		return false, err
	}
	g.size, g.looked, g.torn = st.size, true, 0
	delete(r.broken, g.at.id)
	return read, nil
}

// drain reads batch after batch up to limit.
func (r *reader) drain(ctx context.Context, g *file, limit int64) (read bool, err error) {
	for g.at.off < limit {
		if ctx.Err() != nil {
			return read, nil
		}
		n, err := r.batch(ctx, g, limit)
		if err != nil || !n {
			return read, err
		}
		read = true
	}
	return read, nil
}

// shrunk finds that bytes went which had not been read, though what had been
// read still stands.
func (r *reader) shrunk(ctx context.Context, g *file, st fileStat) error {
	if st.size >= g.size {
		return nil
	}
	lost := g.size - max(st.size, g.at.off)
	g.scanned, g.size = g.at.off, st.size
	if lost <= 0 {
		return nil
	}
	return r.send(ctx, bridge.Batch{Losses: []bridge.Loss{r.loss(g.name, lost, "truncated before it was read")}})
}

func (r *reader) cantRead(g *file, err error) error {
	if errors.Is(err, errStopped) {
		return nil
	}
	if _, said := r.broken[g.at.id]; !said {
		r.broken[g.at.id] = fmt.Sprintf("reading %s fails: %v; it is tried again", r.l.full(g.name), err)
		r.log.Error().Err(err).Str("file", g.name).Msg("reading the file fails; it is tried again")
	}
	g.looked = false
	return nil
}

func (r *reader) drop(g *file) {
	r.files = slices.DeleteFunc(r.files, func(x *file) bool { return x == g })
}

func (r *reader) next() uint64 {
	r.seq++
	return r.seq
}

func (r *reader) stream(name string) string { return r.l.full(name) }

// position is the state as it goes out with a batch.
func (r *reader) position(s state) bridge.Position {
	s.log = r.o.Path
	return bridge.Position{Stream: s.id.key(), Data: s.encode()}
}
