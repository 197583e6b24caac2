package manpage

import (
	"bytes"
	"fmt"
	"strings"
)

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

func section(b *bytes.Buffer, name string) { fmt.Fprintf(b, ".SH %s\n", name) }

// prose writes paragraphs, which empty lines part. Lines that begin with two
// spaces or more stand as they are: they are a table, or a command.
func prose(b *bytes.Buffer, text string) {
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		lines := strings.Split(paragraph, "\n")
		for len(lines) > 0 {
			n := run(lines)
			if indented(lines[0]) {
				literal(b, lines[:n])
			} else {
				for _, line := range lines[:n] {
					b.WriteString(escaped(line) + "\n")
				}
			}
			lines = lines[n:]
		}
	}
}

func indented(line string) bool { return strings.HasPrefix(line, "  ") }

// run counts the first lines that are of one kind.
func run(lines []string) int {
	n := 1
	for n < len(lines) && indented(lines[n]) == indented(lines[0]) {
		n++
	}
	return n
}

// literal writes lines as they are.
func literal(b *bytes.Buffer, lines []string) {
	b.WriteString(".nf\n")
	for _, line := range lines {
		b.WriteString(escaped(line) + "\n")
	}
	b.WriteString(".fi\n")
}

// terms writes a section of words and what they mean; without any, nothing.
func terms(b *bytes.Buffer, name string, list []Term) {
	if len(list) == 0 {
		return
	}
	section(b, name)
	for _, t := range list {
		fmt.Fprintf(b, ".TP\n\\fB%s\\fR\n%s\n", escaped(t.Word), escaped(t.Text))
	}
}
