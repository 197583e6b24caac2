package main

import (
	"encoding/json"
	"io"
	"strings"
)

// table prints rows for people, in columns, which stand under each other on a
// terminal whatever characters are in them. What stands in a cell is made
// printable.
type table struct {
	out  io.Writer
	rows [][]string // that are not printed yet
}

// tableRows is after how many rows the columns are set anew: so long a table
// is not held in memory.
const tableRows = 1000

func newTable(out io.Writer, head ...string) *table {
	t := &table{out: out}
	_ = t.row(head...) // nothing is written before the first flush
	return t
}

// row adds one, with as many cells as the others.
func (t *table) row(cells ...string) error {
	for i, c := range cells {
		cells[i] = printable(c)
	}
	if t.rows = append(t.rows, cells); len(t.rows) == tableRows {
		return t.flush()
	}
	return nil
}

func (t *table) flush() error {
	widths := widthsOf(t.rows)
	for _, r := range t.rows {
		if _, err := io.WriteString(t.out, padded(r, widths)+"\n"); err != nil {
			return err
		}
	}
	t.rows = t.rows[:0]
	return nil
}

// widthsOf gives the width of each column, in cells of a terminal. The last one
// needs none.
func widthsOf(rows [][]string) []int {
	var widths []int
	for _, r := range rows {
		widths = append(widths, make([]int, max(0, len(r)-len(widths)))...)
		for i, cell := range r[:max(0, len(r)-1)] {
			widths[i] = max(widths[i], cellsOf(cell))
		}
	}
	return widths
}

// padded puts cells into columns of these widths, two blanks between them.
func padded(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		b.WriteString(cell)
		b.WriteString(strings.Repeat(" ", max(0, widths[i]-cellsOf(cell))+2))
	}
	return strings.TrimRight(b.String(), " ")
}

// printJSON prints v as JSON on one line, or on several with indent. What a
// terminal might act on stands escaped.
func printJSON(out io.Writer, v any, indent string) error {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(out, printableJSON(b.String()))
	return err
}
