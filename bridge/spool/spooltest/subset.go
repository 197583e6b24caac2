package spooltest

import (
	"math/rand/v2"
)

// order says for each change which ones must have been made before it, by
// their places in the log.
type order [][]int

// orderOf finds for each change the last one before it that touched the same
// sector, or the same name.
func orderOf(log []*change) order {
	type bytes struct {
		node   *inode
		sector int64
	}
	o := make(order, len(log))
	sectors, names := make(map[bytes]int), make(map[string]int)
	for i, c := range log {
		var touched []string
		switch c.what {
		case Write:
			at := bytes{c.node, c.sector()}
			if before, ok := sectors[at]; ok {
				o[i] = append(o[i], before)
			}
			sectors[at] = i
		case Truncate:
		case Rename:
			touched = []string{c.name, c.to}
		default:
			touched = []string{c.name}
		}
		for _, name := range touched {
			if before, ok := names[name]; ok {
				o[i] = append(o[i], before)
			}
			names[name] = i
		}
	}
	return o
}

// may reports whether change i can be in a set that is decided up to it.
func (o order) may(set []bool, i int) bool {
	for _, before := range o[i] {
		if !set[before] {
			return false
		}
	}
	return true
}

// every gives all sets; nil if they are more than most.
func (o order) every(most int) (sets [][]bool) {
	sets = [][]bool{make([]bool, len(o))}
	for i := range o {
		for _, set := range sets {
			if !o.may(set, i) {
				continue
			}
			if len(sets) == most {
				return nil
			}
			with := append([]bool(nil), set...)
			with[i] = true
			sets = append(sets, with)
		}
	}
	return sets
}

// some gives most of the sets: the two ends, and others, no more than that.
func (o order) some(most int, rnd *rand.Rand) [][]bool {
	sets := [][]bool{make([]bool, len(o)), o.draw(func(int) bool { return true })}
	one := rnd.Perm(len(o))
	for k := 0; len(sets) < most; k++ {
		switch {
		case k < len(o) && len(sets) < most/3:
			sets = append(sets, o.draw(func(i int) bool { return i != one[k] }))
		case k < 2*len(o) && len(sets) < most/3*2:
			sets = append(sets, o.only(one[k%len(o)]))
		default:
			share := rnd.IntN(9) + 1
			sets = append(sets, o.draw(func(int) bool { return rnd.IntN(10) < share }))
		}
	}
	return sets
}

// draw gives the set of those that want says, as far as they may be in it.
func (o order) draw(want func(i int) bool) []bool {
	set := make([]bool, len(o))
	for i := range o {
		set[i] = o.may(set, i) && want(i)
	}
	return set
}

// only gives the smallest set that holds change i.
func (o order) only(i int) []bool {
	set := make([]bool, len(o))
	set[i] = true
	for ; i >= 0; i-- {
		if set[i] {
			for _, before := range o[i] {
				set[before] = true
			}
		}
	}
	return set
}
