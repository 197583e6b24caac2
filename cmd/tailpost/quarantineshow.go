package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/ingest"
)

func newQuarantineShow() *cobra.Command {
	var l looking
	c := &cobra.Command{
		Use:   "show NUMBER...",
		Short: "Show lines in quarantine whole",
		Long: `Shows all there is to know of lines in quarantine, with the bridge running or
not: what quarantine ls says, and the whole line. Bytes that a terminal might
act on stand escaped; with --json, "line" has the bytes themselves, in base64.`,
		Example: "  tailpost quarantine show --config tailpost.toml 10000000001",
		Args:    someArgs("NUMBER"),
		RunE: func(c *cobra.Command, args []string) error {
			var f lineFlags
			return look(c, &l, f.choice, args, showLines)
		},
	}
	l.flags(c)
	return c
}

func showLines(out io.Writer, stateDir string, which admin.Lines, asJSON bool) error {
	found := map[uint64]bool{}
	err := app.Lines(stateDir, which, func(l ingest.QuarantinedLine) error {
		first := len(found) == 0
		found[l.Number] = true
		if asJSON {
			return printLineJSON(out, l)
		}
		if !first {
			fmt.Fprintln(out)
		}
		return showLine(out, l)
	})
	if err != nil {
		return err
	}
	for _, n := range which.Numbers {
		if !found[uint64(n)] {
			return fmt.Errorf("no line in quarantine has the number %s", n)
		}
	}
	return nil
}

func showLine(out io.Writer, l ingest.QuarantinedLine) error {
	_, err := fmt.Fprintf(out, `number  %s
source  %s
stream  %s
offset  %d
read    %s
format  %s
reason  %s
`, app.LineName(l.Number), printable(l.Source), printable(l.Stream), l.Offset, l.Time.UTC().Format(time.RFC3339),
		printable(l.Format), printable(l.Reason))
	if err != nil {
		return err
	}
	if l.Cut > 0 {
		fmt.Fprintf(out, "cut     %d bytes were left out at its end: it is over max_line\n", l.Cut)
	}
	if l.Partial {
		fmt.Fprintln(out, "partial no line end stood behind it")
	}
	_, err = fmt.Fprintf(out, "line    %s\n", printable(string(l.Line.Line)))
	return err
}
