package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// statusTable is a table with notes under its rows, which don't widen its
// columns.
type statusTable struct {
	t     *statusView
	head  []string
	rows  [][]string
	notes map[int][]string // by row
}

func (t *statusView) table(head ...string) *statusTable {
	return &statusTable{t: t, head: head, notes: map[int][]string{}}
}

// row adds one; its first cell is a name.
func (w *statusTable) row(cells ...string) {
	for i := range cells {
		most := cellWidth
		if i == 0 {
			most = nameWidth
		}
		cells[i] = cutMiddle(printable(cells[i]), most)
	}
	w.rows = append(w.rows, cells)
}

// note adds a text under the last row.
func (w *statusTable) note(s string) {
	i := len(w.rows) - 1
	w.notes[i] = append(w.notes[i], s)
}

func (w *statusTable) print() {
	widths := widthsOf(append([][]string{w.head}, w.rows...))
	w.t.line("%s", padded(w.head, widths))
	for i, r := range w.rows {
		w.t.line("%s", padded(r, widths))
		for _, n := range w.notes[i] {
			w.t.text("    ", cut(printable(n), noteMost))
		}
	}
	w.t.line("")
}

// noteMost bounds a note, in cells: two lines, or three.
const noteMost = 200

// cut bounds a text, in cells.
func cut(s string, most int) string {
	if cellsOf(s) <= most {
		return s
	}
	r := []rune(s)
	return string(r[:fitting(r, most-1)]) + "…"
}

// wrapped breaks a text into lines of so many cells at most, at blanks where
// there are some. It needs two cells.
func wrapped(s string, width int) (lines []string) {
	r := []rune(s)
	for {
		most := fitting(r, width)
		if most == len(r) {
			return append(lines, string(r))
		}
		at := most
		for at > most/2 && r[at] != ' ' {
			at--
		}
		if r[at] != ' ' {
			at = most
		}
		lines = append(lines, strings.TrimRight(string(r[:at]), " "))
		r = []rune(strings.TrimLeft(string(r[at:]), " "))
	}
}

// fitting gives how many characters of a text fit into so many cells, with the
// marks on the last one.
func fitting(r []rune, cells int) (n int) {
	for n < len(r) {
		if cells -= cellsOfRune(r[n]); cells < 0 {
			break
		}
		n++
	}
	return n
}

// age is a duration in two units at most.
func age(d time.Duration) string {
	switch {
	case d < time.Second:
		return "<1s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// manyText is a number for people: the first digits of one that is large.
func manyText(n int64) string {
	const units = "kMGTP"
	if n < 10_000_000 {
		return strconv.FormatInt(n, 10)
	}
	v, i := float64(n)/1000, 0
	for v >= 1000 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	return fmt.Sprintf("%.1f%c", v, units[i])
}

// bytesText is a size for people.
func bytesText(n int64) string {
	const units = "KMGTP"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/1024, 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", v, units[i])
}
