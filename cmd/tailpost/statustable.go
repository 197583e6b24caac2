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
	widths := make([]int, len(w.head))
	for _, r := range append([][]string{w.head}, w.rows...) {
		for i, cell := range r {
			widths[i] = max(widths[i], cellsOf(cell))
		}
	}
	w.t.line("%s", padded(w.head, widths))
	for i, r := range w.rows {
		w.t.line("%s", padded(r, widths))
		for _, n := range w.notes[i] {
			w.t.text("    ", cut(printable(n), noteMost))
		}
	}
	w.t.line("")
}

// noteMost bounds a note, in characters: two lines, or three.
const noteMost = 200

// padded puts cells into columns of these widths.
func padded(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		b.WriteString(cell)
		b.WriteString(strings.Repeat(" ", widths[i]-cellsOf(cell)+2))
	}
	return strings.TrimRight(b.String(), " ")
}

// cut bounds a text, in characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}

// wrapped breaks a text into lines of so many characters at most, at blanks
// where there are some.
func wrapped(s string, width int) (lines []string) {
	r := []rune(s)
	for len(r) > width {
		at := width
		for at > width/2 && r[at] != ' ' {
			at--
		}
		if r[at] != ' ' {
			at = width
		}
		lines = append(lines, strings.TrimRight(string(r[:at]), " "))
		r = []rune(strings.TrimLeft(string(r[at:]), " "))
	}
	return append(lines, string(r))
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
