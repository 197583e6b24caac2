package main

import (
	"encoding/json"
	"io"
	"strings"
	"text/tabwriter"
)

// table prints rows for people, in columns. Whatever stands in a cell is made
// printable.
type table struct {
	w    *tabwriter.Writer
	rows int
}

// tableRows is after how many rows the columns are set anew: so long a table
// is not held in memory.
const tableRows = 1000

func newTable(out io.Writer, head ...string) *table {
	t := &table{w: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	_ = t.row(head...) // nothing is written before the first flush
	return t
}

func (t *table) row(cells ...string) error {
	for i, c := range cells {
		cells[i] = printable(c)
	}
	if _, err := io.WriteString(t.w, strings.Join(cells, "\t")+"\n"); err != nil {
		return err
	}
	if t.rows++; t.rows%tableRows == 0 {
		return t.w.Flush()
	}
	return nil
}

func (t *table) flush() error { return t.w.Flush() }

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
