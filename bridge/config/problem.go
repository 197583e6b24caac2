package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong, and where.
type Problem struct {
	File    string // as it was named, or as an include found it
	Line    int    // from 1; 0: the file as a whole
	Column  int    // from 1, in characters
	Key     string // within its table; of a table its whole name; may be empty
	Text    string // what is wrong
	Hint    string // what would be right, where that is known
	Warning bool   // worth saying, but no reason to refuse the file
}

// String gives file:line:column: key: what is wrong; what would be right.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Warning {
		b.WriteString("warning: ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// report collects problems, each once: a mistake in a table of defaults is met
// again with every recipient that takes it.
type report struct {
	list []Problem
	seen map[Problem]bool
}

func (r *report) add(p Problem) {
	if r.seen[p] {
		return
	}
	if r.seen == nil {
		r.seen = map[Problem]bool{}
	}
	r.seen[p] = true
	r.list = append(r.list, p)
}

// refuses reports whether one of the problems is more than a warning.
func (r *report) refuses() bool {
	return slices.ContainsFunc(r.list, func(p Problem) bool { return !p.Warning })
}

// sorted gives the problems in the order of the files and of their lines.
func (r *report) sorted(files []*file) []Problem {
	rank := map[string]int{}
	for i, f := range files {
		rank[f.name] = i
	}
	slices.SortStableFunc(r.list, func(a, b Problem) int {
		if d := rank[a.File] - rank[b.File]; d != 0 {
			return d
		}
		if d := a.Line - b.Line; d != 0 {
			return d
		}
		return a.Column - b.Column
	})
	return together(r.list)
}

// alikeMost is how many problems that say the same are listed each.
const alikeMost = 3

// together makes one of many problems that say the same, in different places,
// such as a file that is missing and that a hundred recipients name: the first
// stands, with how many more there are.
func together(list []Problem) (out []Problem) {
	alike := func(p Problem) Problem {
		return Problem{Key: p.Key, Text: p.Text, Hint: p.Hint, Warning: p.Warning}
	}
	all := map[Problem][]Problem{}
	for _, p := range list {
		all[alike(p)] = append(all[alike(p)], p)
	}
	for _, p := range list {
		of := all[alike(p)]
		switch {
		case len(of) <= alikeMost:
		case p != of[0]:
			continue
		default:
			last := of[len(of)-1]
			p.Text += fmt.Sprintf(" (so in %d more places, the last one %s:%d:%d)", len(of)-1, last.File, last.Line, last.Column)
		}
		out = append(out, p)
	}
	return out
}
