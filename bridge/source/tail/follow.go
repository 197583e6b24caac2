package tail

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/source/access"
)

// follow reads the logs of a source, one reader a log. One goroutine owns it.
type follow struct {
	o      Options
	f      *field
	counts *counters
	emit   bridge.Emit

	readers map[*lookout]*reader
	from    map[string][]state // by log: what no reader has taken over yet
	seen    bool               // it is durable that the source has been started before
	full    bool               // it was said that not all files can be held
	said    string             // why there is no log, as it was logged last
}

// newFollow sorts the saved positions by their logs. Those that name none are
// of the time when a source had one.
func newFollow(o Options, f *field, c *counters, from []bridge.Position, emit bridge.Emit) (*follow, error) {
	w := &follow{o: o, f: f, counts: c, emit: emit, readers: map[*lookout]*reader{}, from: map[string][]state{}}
	for _, p := range from {
		if p.Gone {
			continue
		}
		if p.Stream == seenStream {
			w.seen = true
			continue
		}
		s, err := decodeState(p.Data)
		if err != nil {
			return nil, fmt.Errorf("saved position %q of source %q: %w", p.Stream, o.Name, err)
		}
		if s.log == "" || !f.glob {
			s.log = o.Path
		}
		w.from[s.log] = append(w.from[s.log], s)
	}
	if f.glob { // a log that is gone may have left siblings
		for log := range w.from {
			if !isGlob(log) {
				f.add(log)
			}
		}
	}
	w.attach()
	return w, nil
}

func (w *follow) close() {
	for _, r := range w.readers {
		r.close()
	}
}

// run reads until ctx ends or emit fails.
func (w *follow) run(ctx context.Context, kick <-chan struct{}) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-kick:
		}
		for more := true; more; {
			var err error
			if more, err = w.round(ctx); err != nil {
				if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, errStopped)) {
					return nil
				}
				return err
			}
			if ctx.Err() != nil {
				return nil
			}
		}
		w.counts.rounds.Add(1)
	}
}

// round looks at each log in which something may have happened. It reports
// whether there may be more to read at once.
func (w *follow) round(ctx context.Context) (more bool, err error) {
	w.attach()
	w.tellFault()
	marked := w.f.takeMarked()
	for _, l := range w.f.all() {
		r := w.readers[l]
		if r == nil || !marked[l] {
			continue
		}
		again, err := r.look(ctx)
		if err != nil {
			return false, err
		}
		if again {
			w.f.mark(l)
			more = true
		}
		w.retire(l, r)
	}
	return w.crowded() || more, w.tellSeen(ctx)
}

// attach gives each log that was found a reader. A file that another log's
// reader knows was renamed: what is known of it goes along.
func (w *follow) attach() {
	for _, l := range w.f.all() {
		if w.readers[l] != nil {
			continue
		}
		o := w.o
		o.Path = l.path
		states := w.from[l.path]
		delete(w.from, l.path)
		live, _ := statPath(l.path)
		for other, r := range w.readers {
			if has, _ := statPath(other.path); has.id == live.id {
				continue
			}
			if s, ok := r.handOver(live.id); ok {
				states = append(states, s)
			}
		}
		w.readers[l] = newReader(o, l, w.counts, states, w.seen, w.emit)
		w.readers[l].others = func() (done int, near bool) { return w.others(l) }
	}
}

// others tells a reader how many finished files the others remember, and
// whether another log stands in its directory: then that is no mount point
// with nothing mounted.
func (w *follow) others(l *lookout) (done int, near bool) {
	for o, r := range w.readers {
		if o == l {
			continue
		}
		done += len(r.done)
		near = near || filepath.Dir(o.path) == l.dir && o.listing().hasLive
	}
	return done, near
}

// retire ends a log of a glob of which nothing is left.
func (w *follow) retire(l *lookout, r *reader) {
	list := l.listing()
	if !w.f.glob || !w.seen || list.hasLive || !absent(list.trouble) || len(list.names) > 0 || l.waiting() || !r.idle() {
		return
	}
	r.close()
	w.f.remove(l)
	delete(w.readers, l)
	w.counts.wait(l.path, "")
}

// tellSeen makes durable that start was applied, once it was for each log.
func (w *follow) tellSeen(ctx context.Context) error {
	if w.seen || w.f.getFault() != nil && !absent(w.f.getFault()) {
		return nil
	}
	for _, l := range w.f.all() {
		if r := w.readers[l]; r == nil || !r.seen {
			return nil
		}
	}
	p := bridge.Position{Stream: seenStream, Data: []byte{stateVersion}}
	if err := w.emit(ctx, bridge.Batch{Positions: []bridge.Position{p}}); err != nil {
		return err
	}
	w.seen = true
	return nil
}

// tellFault says once that no file answers to the glob.
func (w *follow) tellFault() {
	if !w.f.glob {
		return
	}
	is, _ := w.f.getReason()
	if is.Absent && len(w.f.all()) > 0 {
		is = access.Reason{} // each of them tells
	}
	w.counts.wait(w.o.Path, is.Why)
	if is.Why == w.said {
		return
	}
	w.said = is.Why
	if is.Why != "" {
		w.o.Log.Warn().Str("source", w.o.Name).Str("path", w.o.Path).Str("reason", is.Why).Str("as", access.Whoami()).Str("hint", is.Hint).
			Msg("waiting for log files")
	}
}

// handOver gives up what is known of a file, for another log's reader.
func (r *reader) handOver(id fileID) (state, bool) {
	if id == (fileID{}) {
		return state{}, false
	}
	r.l.disown(id)
	r.unsure = slices.DeleteFunc(r.unsure, func(c *found) bool {
		if c.st.id == id {
			r.l.release(c.f, id)
		}
		return c.st.id == id
	})
	if i := slices.IndexFunc(r.files, func(g *file) bool { return g.at.id == id && g.copyOf == nil }); i >= 0 {
		g := r.files[i]
		r.drop(g)
		r.l.release(g.f, id)
		return g.at, true
	}
	for _, m := range [...]map[fileID]state{r.saved, r.done} {
		if s, ok := m[id]; ok {
			delete(m, id)
			r.l.forget(id)
			return s, true
		}
	}
	return state{}, false
}

// idle reports whether the reader has nothing to do and nothing to remember.
func (r *reader) idle() bool {
	return len(r.files)+len(r.unsure)+len(r.saved)+len(r.done) == 0
}

// waitingText joins why several logs can't be read.
func waitingText(of map[string]string) string {
	var all []string
	for _, why := range of {
		if !slices.Contains(all, why) {
			all = append(all, why)
		}
	}
	slices.Sort(all)
	if len(all) > 3 {
		all = append(all[:3], "…")
	}
	return strings.Join(all, "; ")
}
