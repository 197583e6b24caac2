package drop

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/source/access"
)

// knownMax bounds the files that have a position.
const knownMax = 1000

// reader is one run of a source. One goroutine owns it.
type reader struct {
	o      Options
	log    zerolog.Logger
	counts *counters
	emit   bridge.Emit

	files     map[string]*file // in work, or not yet out of the way
	kept      *kept
	b         batch
	said      map[string]string // troubles, by file; "": the directory's
	texts     map[string]string // the same for people, with what would help
	arrived   map[string]time.Time
	recovered bool // nothing of ours is left in the claim directory

	knownMost, keptMost int
}

func newReader(o Options, counts *counters, from []bridge.Position, emit bridge.Emit) (*reader, error) {
	r := &reader{
		o: o, log: o.Log.With().Str("source", o.Name).Logger(), counts: counts, emit: emit,
		files: map[string]*file{}, kept: newKept(), said: map[string]string{}, texts: map[string]string{},
		knownMost: knownMax, keptMost: keptMax,
	}
	r.b.places = map[string]place{}
	for _, p := range from {
		if err := r.restore(p); err != nil {
			return nil, fmt.Errorf("position %q: %w", p.Stream, err)
		}
	}
	return r, nil
}

func (r *reader) restore(p bridge.Position) error {
	if name, ok := strings.CutPrefix(p.Stream, placeStream); ok {
		at, err := decodePlace(p.Data)
		if err != nil {
			return err
		}
		r.files[name] = &file{place: at, known: true}
		return nil
	}
	if n, ok := strings.CutPrefix(p.Stream, keptStream); ok {
		number, err := strconv.Atoi(n)
		if err != nil {
			return errPosition
		}
		return r.kept.restore(number, p.Data)
	}
	return errPosition
}

func (r *reader) path(name string) string { return filepath.Join(r.o.Dir, name) }

// cycle takes what is in the directory, and says after how long it wants to be
// called again at the latest.
func (r *reader) cycle(ctx context.Context) (time.Duration, error) {
	if !r.recovered {
		if err := r.recover(); err != nil {
			r.trouble("", err)
			return r.o.Rescan, nil
		}
		r.recovered = true
	}
	fullOfKept := len(r.kept.has) >= r.keptMost
	begun := time.Now()
	list, err := r.scan(ctx, fullOfKept)
	if err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		r.trouble("", err)
		return r.o.Rescan, nil
	}
	took := time.Since(begun)
	if fullOfKept && r.kept.keepOnly(list.kept) {
		r.log.Info().Int("kept", len(r.kept.has)).Msg("files that are gone are forgotten")
	}
	r.missing(&list)
	r.arrive(&list)
	r.count(&list, true, nil)
	if err := r.take(ctx, list); err != nil {
		return 0, err
	}
	wait := max(r.o.Rescan, 20*took)
	for _, f := range r.files {
		switch {
		case !f.finished:
			wait = min(wait, max(r.o.Linger/4, 20*took))
		case time.Since(f.taken) < r.o.Settle:
			wait = min(wait, max(r.o.Settle/4, 20*took))
		}
	}
	return wait, nil
}

// missing looks for files that don't have their names any more.
func (r *reader) missing(list *listing) {
	for name, f := range r.files {
		if list.known[name] {
			continue
		}
		i := slices.IndexFunc(list.files, func(e entry) bool { return e.look == f.look && !list.known[e.name] })
		if i < 0 {
			r.vanished(name, f)
			continue
		}
		to := list.files[i].name
		list.known[to] = true
		r.renamed(name, to)
	}
}

// take reads the files of the listing, as far as there is room to remember
// them.
func (r *reader) take(ctx context.Context, list listing) error {
	var full error
	there, skipped := map[string]bool{"": true}, map[string]bool{}
	for _, e := range list.files {
		if len(r.said) > 0 {
			there[e.name] = true
		}
		if _, known := r.files[e.name]; !known {
			if full == nil {
				full = r.noRoom()
			}
			if full != nil {
				skipped[e.name] = true
				continue
			}
		}
		if err := r.read(ctx, e); err != nil {
			return err
		}
		if r.b.full() {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
	for r.pending() {
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	for name := range r.said {
		if !there[name] {
			r.clear(name)
		}
	}
	if full != nil {
		r.troubled("no further file is taken", "", full, access.Reason{Why: "no further file is taken: " + full.Error()})
	} else {
		r.clear("")
	}
	r.counts.update(func(s *Stats) { s.Known, s.Kept = len(r.files), len(r.kept.has) })
	r.count(&list, false, skipped)
	return nil
}

// pending reports whether the batch has anything in it.
func (r *reader) pending() bool {
	return len(r.b.recs)+len(r.b.places)+len(r.b.gone)+len(r.b.losses)+len(r.kept.dirty) > 0
}

// noRoom says why no further file can be taken; nil: one can.
func (r *reader) noRoom() error {
	switch {
	case len(r.files)-len(r.b.ended) >= r.knownMost:
		return fmt.Errorf("%d files can't be got out of the way, or are still being written", r.knownMost)
	case r.o.Done == DoneKeep && len(r.kept.has)+len(r.files) >= r.keptMost:
		return fmt.Errorf("%d files are kept; use done = \"move\" or \"delete\", or remove some", r.keptMost)
	}
	return nil
}
