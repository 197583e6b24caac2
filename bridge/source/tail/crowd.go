package tail

// crowded sees to it that all files get their turn where more of them are to
// be held than there is room for. A log of which all is read is closed until it
// changes: what is written to it and removed before the next look is lost then.
// It reports whether more files could be opened.
func (w *follow) crowded() bool {
	var short []*lookout
	for _, l := range w.f.all() {
		if l.listing().full {
			short = append(short, l)
		}
	}
	full := len(short) > 0
	if full && !w.full {
		w.tellFull()
	}
	w.full = w.full || full // said once: files come and go
	if !full {
		return false
	}
	rested := false
	for _, r := range w.readers {
		rested = r.restIdle() || rested
	}
	if !rested {
		return false
	}
	opened := false
	for _, l := range short {
		l.scan()
		if l.waiting() {
			w.f.mark(l)
			opened = true
		}
	}
	return opened
}

func (w *follow) tellFull() {
	w.counts.add(func(c *Stats) { c.Crowded++ })
	w.o.Log.Warn().Str("source", w.o.Name).Str("path", w.o.Path).Int("held", w.o.MaxHeld).
		Msg("too many log files to hold them all open; the oldest are read first, and one that is removed before its turn is lost")
}

// restIdle closes the live file, if nothing of it is unread.
func (r *reader) restIdle() bool {
	list := r.l.listing()
	for _, g := range r.files {
		if g.copyOf != nil || g.at.seq == 0 || !g.looked || !r.isLive(g, list) {
			continue
		}
		st, err := g.f.stat()
		if err != nil || st.size != g.size || st.mtime != g.mtime {
			continue
		}
		s := g.at
		s.size, s.mtime = max(g.size, s.off), g.mtime
		r.drop(g)
		r.saved[s.id] = s
		r.l.rest(g.f, s.id, st.extent())
		r.want()
		return true
	}
	return false
}
