package tail

import (
	"bytes"
	"regexp"
	"slices"

	"github.com/tailpost/tailpost/bridge"
)

// hashLines adds the last lines of a batch to the hashes of those before, of
// this file or of the one that was read before it.
func hashLines(before []uint64, recs []bridge.Record) []uint64 {
	hs := slices.Clone(before)
	for _, rec := range recs[max(0, len(recs)-lineHashes):] {
		hs = append(hs, sum(rec.Line))
	}
	return hs[max(0, len(hs)-lineHashes):]
}

// echo is what the beginning of a new file repeats of the last lines that were
// taken: some rotation scripts recreate the file and write them back.
type echo struct {
	lines  int  // so many
	proved bool // they can't be new ones that look the same
}

// echoOf compares the beginning of a new file with the hashes of the last
// lines, oldest first. A script may have written back more than these.
//
// Lines prove that they were written back if one of them has a time in it, and
// if the log didn't say the same twice before: a line without a time, or one
// that comes again and again, may well be said anew.
func echoOf(before []uint64, begins [][]byte) echo {
	if len(before) == 0 {
		return echo{}
	}
	hs := make([]uint64, len(begins))
	for i, line := range begins {
		hs[i] = sum(line)
	}
	n := 0
	for m := min(len(hs), len(before)); m > 0 && n == 0; m-- {
		if slices.Equal(hs[:m], before[len(before)-m:]) {
			n = m
		}
	}
	if at := index(hs, before); len(before) == lineHashes && at > 0 {
		n = at + len(before)
	}
	if n == 0 || len(bytes.Join(begins[:n], nil)) == 0 { // empty lines say nothing
		return echo{}
	}
	last := before[len(before)-min(n, len(before)):]
	return echo{n, slices.ContainsFunc(begins[:n], timeIn.Match) && index(before, last) == len(before)-len(last)}
}

// index gives where sub first stands in hs, or -1.
func index(hs, sub []uint64) int {
	for i := 0; i+len(sub) <= len(hs); i++ {
		if slices.Equal(hs[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}

// timeIn finds a time of day, or Unix seconds or milliseconds.
var timeIn = regexp.MustCompile(`\b\d{1,2}:\d\d:\d\d|\b1\d{9}(\d{3})?\b`)

const inDoubt = "the file begins with the last lines of the one before, and nothing in them tells whether they were written back: they are taken again"

// written finds how many lines at the beginning of a region were written back,
// if it is the beginning of a file, and what must be told if that is not sure.
func (r *reader) written(g *file, reg region) (lines int, doubt []bridge.Loss) {
	if g.at.off != 0 || len(r.last) == 0 {
		return 0, nil
	}
	e := echoOf(r.last, reg.lines())
	switch {
	case e.lines == 0:
		return 0, nil
	case !e.proved:
		return 0, []bridge.Loss{r.loss(g.name, 0, inDoubt)}
	}
	r.log.Info().Int("lines", e.lines).Msg("the new file begins with the last lines of the one before; they are not taken again")
	return e.lines, nil
}

// lines are the whole ones of the region.
func (g region) lines() [][]byte {
	lines := make([][]byte, 0, len(g.ends))
	begin := 0
	for _, end := range g.ends {
		lines = append(lines, g.buf[begin:end])
		begin = end + 1
	}
	return lines
}
