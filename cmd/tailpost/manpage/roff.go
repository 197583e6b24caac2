package manpage

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Writer writes one page. What it is given is plain text: nothing in it is
// taken for a macro.
type Writer struct{ b bytes.Buffer }

// Term is a word and what it means.
type Term struct{ Word, Text string }

// Bytes gives what was written so far.
func (w *Writer) Bytes() []byte { return w.b.Bytes() }

// Title begins a page. The zero date is none; any other is shown as a day, in
// UTC.
func (w *Writer) Title(name, section string, date time.Time, source, manual string) {
	day := ""
	if !date.IsZero() {
		day = date.UTC().Format(time.DateOnly)
	}
	args := []string{strings.ToUpper(name), section, day, source, manual}
	for i, s := range args {
		args[i] = argument(s)
	}
	fmt.Fprintf(&w.b, ".TH %s\n", strings.Join(args, " "))
}

// Name writes the section by which apropos knows the page.
func (w *Writer) Name(name, short string) {
	w.Section("NAME")
	fmt.Fprintf(&w.b, "%s \\- %s\n", escaped(name), escaped(short))
}

// Section begins a section.
func (w *Writer) Section(name string) { fmt.Fprintf(&w.b, ".SH %s\n", argument(name)) }

// Subsection begins a part of a section.
func (w *Writer) Subsection(name string) { fmt.Fprintf(&w.b, ".SS %s\n", argument(name)) }

// Prose writes paragraphs, which empty lines part. Lines that begin with two
// spaces or more stand as they are: they are a table, or a command.
func (w *Writer) Prose(text string) {
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			w.b.WriteString(".PP\n")
		}
		lines := strings.Split(paragraph, "\n")
		for len(lines) > 0 {
			n := run(lines)
			if indented(lines[0]) {
				w.Literal(lines[:n])
			} else {
				for _, line := range lines[:n] {
					w.b.WriteString(escaped(line) + "\n")
				}
			}
			lines = lines[n:]
		}
	}
}

// Literal writes lines as they are.
func (w *Writer) Literal(lines []string) {
	w.b.WriteString(".nf\n")
	for _, line := range lines {
		w.b.WriteString(escaped(line) + "\n")
	}
	w.b.WriteString(".fi\n")
}

// Terms writes words, each with what it means.
func (w *Writer) Terms(list []Term) {
	for _, t := range list {
		fmt.Fprintf(&w.b, ".TP\n\\fB%s\\fR\n%s\n", escaped(t.Word), escaped(t.Text))
	}
}

// See writes a section of other pages, each as name(section); without any,
// nothing.
func (w *Writer) See(pages []string) {
	if len(pages) == 0 {
		return
	}
	w.Section("SEE ALSO")
	for i, p := range pages {
		name, number, _ := strings.Cut(p, "(")
		end := ","
		if i == len(pages)-1 {
			end = ""
		}
		fmt.Fprintf(&w.b, ".BR %s (%s%s\n", escaped(name), number, end)
	}
}

// escaped is text that roff prints as it is: a hyphen stays what can be pasted
// into a command line, and nothing at a line's beginning is a request.
func escaped(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

// argument is one argument of a macro.
func argument(s string) string { return `"` + strings.ReplaceAll(escaped(s), `"`, `\(dq`) + `"` }

func indented(line string) bool { return strings.HasPrefix(line, "  ") }

// run counts the first lines that are of one kind.
func run(lines []string) int {
	n := 1
	for n < len(lines) && indented(lines[n]) == indented(lines[0]) {
		n++
	}
	return n
}
