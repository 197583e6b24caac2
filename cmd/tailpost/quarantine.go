package main

import (
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/ingest"
)

func newQuarantine() *cobra.Command {
	c := &cobra.Command{
		Use:     "quarantine",
		Short:   "Quarantine: lines that could not be parsed",
		Example: "  tailpost quarantine ls --source appliance --since 24h",
		Args:    aCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newQuarantineLs(), newQuarantineShow(), newQuarantineReplay())
	return c
}

// lineFlags choose quarantined lines.
type lineFlags struct {
	lines admin.Lines
	since since
}

func (f *lineFlags) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.lines.Source, "source", "", "only of this source")
	f.since.flag(c, `only those that were read within this time, such as "24h"`)
}

// choice gives what the flags and the numbers in args choose.
func (f *lineFlags) choice(args []string) (which admin.Lines, err error) {
	which = f.lines
	if which.Since, err = f.since.after(); err != nil {
		return which, err
	}
	for _, a := range args {
		var n admin.LineNumber
		if err := n.UnmarshalText([]byte(a)); err != nil {
			return which, usage(err)
		}
		which.Numbers = append(which.Numbers, n)
	}
	return which, nil
}

func newQuarantineLs() *cobra.Command {
	var l looking
	var f lineFlags
	c := &cobra.Command{
		Use:   "ls",
		Short: "List the lines in quarantine",
		Long: `Lists the lines in quarantine, with the bridge running or not: number, source,
file or connection, offset in it, when it was read, why it could not be parsed,
and how it begins.`,
		Example: "  tailpost quarantine ls --config tailpost.toml --source appliance",
		Args:    noArgs,
		RunE: func(c *cobra.Command, args []string) error {
			return look(c, &l, f.choice, args, listLines)
		},
	}
	l.flags(c)
	f.flags(c)
	return c
}

// lineJSON is a line as --json gives it.
type lineJSON struct {
	Number string `json:"number"`
	ingest.Line
	Text string `json:"text"` // the line, for people; "line" has its bytes
}

func listLines(out io.Writer, stateDir string, which admin.Lines, asJSON bool) error {
	if asJSON {
		return app.Lines(stateDir, which, func(l ingest.QuarantinedLine) error { return printLineJSON(out, l) })
	}
	const most = 60
	t := newTable(out, "NUMBER", "SOURCE", "STREAM", "OFFSET", "READ", "REASON", "LINE")
	err := app.Lines(stateDir, which, func(l ingest.QuarantinedLine) error {
		return t.row(app.LineName(l.Number), l.Source, l.Stream, strconv.FormatInt(l.Offset, 10),
			l.Time.UTC().Format(time.RFC3339), l.Reason, lineText(l.Line.Line, most))
	})
	if err != nil {
		return err
	}
	return t.flush()
}

func printLineJSON(out io.Writer, l ingest.QuarantinedLine) error {
	return printJSON(out, lineJSON{app.LineName(l.Number), l.Line, string(l.Line.Line)}, "")
}
