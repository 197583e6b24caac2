package tail

import (
	"bytes"
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

// echoes is how many lines at the beginning of a new file repeat the last
// lines of the one before it: some rotation scripts recreate the file and
// write the last message's lines back. Empty lines prove nothing.
func (r *reader) echoes(g *file, reg region) int {
	before := r.last
	if len(before) == 0 || g.at.off != 0 {
		return 0
	}
	var hs []uint64
	var texts [][]byte
	begin := 0
	for _, end := range reg.ends[:min(len(reg.ends), lineHashes)] {
		texts = append(texts, reg.buf[begin:end])
		hs = append(hs, sum(reg.buf[begin:end]))
		begin = end + 1
	}
	for n := min(len(hs), len(before)); n > 0; n-- {
		if slices.Equal(hs[:n], before[len(before)-n:]) && len(bytes.Join(texts[:n], nil)) > 0 {
			return n
		}
	}
	return 0
}
