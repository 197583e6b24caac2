// Package manpage writes manual pages of a command and of those below it, in
// the man macros that groff and mandoc read. What a page says comes from the
// command alone, and its date from the caller: the same program gives the same
// bytes.
package manpage

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// About is what pages of one program share.
type About struct {
	Version string
	Date    time.Time // shown as a day, in UTC; the zero time: no date
	Ends    []Term    // exit codes
	Around  []Term    // variables of the environment: a page has those that its options name, as $WORD
	Files   []Term    // likewise, by their paths
	See     []string  // other pages, as name(section)
}

// Name gives the name of a command's page, without the section.
func Name(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// WriteTree writes a page for root and for each command below it that isn't
// hidden into dir, which must exist: NAME.1.
func WriteTree(dir string, root *cobra.Command, about About) error {
	for _, c := range append([]*cobra.Command{root}, shown(root)...) {
		if c == root || !c.HasSubCommands() {
			if err := writePage(dir, c, about); err != nil {
				return err
			}
			continue
		}
		if err := WriteTree(dir, c, about); err != nil {
			return err
		}
	}
	return nil
}

func writePage(dir string, c *cobra.Command, about About) error {
	if err := os.WriteFile(filepath.Join(dir, Name(c)+".1"), Page(c, about), 0o644); err != nil {
		return fmt.Errorf("write a manual page: %w", err)
	}
	return nil
}

// shown gives the commands right below c that people see, in order.
func shown(c *cobra.Command) (out []*cobra.Command) {
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() && !sub.IsAdditionalHelpTopicCommand() {
			out = append(out, sub)
		}
	}
	return out
}

// Page gives the manual page of one command.
func Page(c *cobra.Command, about About) []byte {
	c.InitDefaultHelpFlag()
	var w Writer
	w.Title(Name(c), "1", about.Date, c.Root().Name()+" "+about.Version, "User commands")
	w.Name(Name(c), c.Short)
	w.Section("SYNOPSIS")
	synopsis(&w, c)
	w.Section("DESCRIPTION")
	w.Prose(cmp.Or(c.Long, c.Short+"."))
	all := options(c.NonInheritedFlags(), c.InheritedFlags())
	for _, s := range []struct {
		name  string
		terms []Term
	}{
		{"COMMANDS", commands(c)},
		{"OPTIONS", all},
		{"EXIT STATUS", about.Ends},
		{"ENVIRONMENT", named(about.Around, "$", all)},
		{"FILES", named(about.Files, "", all)},
	} {
		if len(s.terms) > 0 {
			w.Section(s.name)
			w.Terms(s.terms)
		}
	}
	if c.Example != "" {
		w.Section("EXAMPLES")
		w.Literal(strings.Split(c.Example, "\n"))
	}
	w.See(seeAlso(c, about.See))
	return w.Bytes()
}

// synopsis tells the command itself from what takes the place of its words.
func synopsis(w *Writer, c *cobra.Command) {
	_, rest, _ := strings.Cut(c.Use, " ")
	if len(shown(c)) > 0 {
		rest = "COMMAND"
	}
	fmt.Fprintf(&w.b, "\\fB%s\\fR", escaped(c.CommandPath()))
	if rest != "" {
		fmt.Fprintf(&w.b, " \\fI%s\\fR", escaped(rest))
	}
	w.b.WriteString(" [\\fIoptions\\fR]\n")
}

func commands(c *cobra.Command) (out []Term) {
	for _, sub := range shown(c) {
		out = append(out, Term{sub.CommandPath(), sub.Short + "."})
	}
	return out
}

func options(sets ...*pflag.FlagSet) (out []Term) {
	for _, set := range sets {
		set.VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Deprecated != "" {
				return
			}
			word := "--" + f.Name
			if f.Shorthand != "" {
				word = "-" + f.Shorthand + ", " + word
			}
			value, text := pflag.UnquoteUsage(f)
			if value != "" {
				word += " " + value
			}
			if !unset(f.DefValue) {
				text += " (default " + f.DefValue + ")"
			}
			out = append(out, Term{word, text + "."})
		})
	}
	return out
}

// unset tells a default that needs no mention.
func unset(value string) bool {
	switch value {
	case "", "false", "0", "0s", "[]":
		return true
	}
	return false
}

// named gives the terms that options name, with sign before the word.
func named(terms []Term, sign string, options []Term) (out []Term) {
	for _, t := range terms {
		if slices.ContainsFunc(options, func(o Term) bool { return strings.Contains(o.Text, sign+t.Word) }) {
			out = append(out, t)
		}
	}
	return out
}

// seeAlso gives the pages of the commands above and below, and the others.
func seeAlso(c *cobra.Command, others []string) (out []string) {
	if c.HasParent() {
		out = append(out, Name(c.Parent())+"(1)")
	}
	for _, sub := range shown(c) {
		out = append(out, Name(sub)+"(1)")
	}
	return append(out, others...)
}
