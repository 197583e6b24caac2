package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/app"
)

func newAudit() *cobra.Command {
	var l looking
	c := &cobra.Command{
		Use:   "audit",
		Short: "Print the balance, and fail if a sum doesn't fit",
		Long: `Prints what became of every line and every event, with the bridge running or not:

  lines of a source    read = parsed + ignored + quarantined + open
  events               what the sources gave = numbers given out
  of each recipient,   events = delivered + waiting + dead + dropped +
  since its first           filtered + skipped + damaged

Each term is counted where it happens. Where a sum doesn't fit the command fails
and says which. Bytes that could not be read before they were gone, and how
often that was so, are shown beside them: they are lost, and counted.`,
		Example: "  tailpost audit --config tailpost.toml",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			stateDir, err := whereabouts(l.config, c)
			if err != nil {
				return err
			}
			b, err := app.Audit(stateDir)
			if err != nil {
				return failed(err)
			}
			if l.json {
				err = printJSON(c.OutOrStdout(), b, "")
			} else {
				err = printBalance(c.OutOrStdout(), b)
			}
			if err != nil {
				return failed(err)
			}
			for _, p := range b.Problems {
				fmt.Fprintln(c.ErrOrStderr(), printable(p))
			}
			if len(b.Problems) > 0 {
				return failed(nil)
			}
			return nil
		},
	}
	l.flags(c)
	return c
}

func printBalance(out io.Writer, b *app.Balance) error {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	t := newTable(out, "SOURCE", "READ", "PARSED", "IGNORED", "QUARANTINED", "OPEN", "EVENTS", "LOST BYTES", "DISCONTINUITIES")
	for _, s := range b.Sources {
		err := t.row(s.Source, n(s.Read), n(s.Parsed), n(s.Ignored), n(s.Quarantined), n(s.Open), n(s.Events), n(s.LostBytes), n(s.Losses))
		if err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s given out\n\n", numbered(int(b.Given), "number", "numbers"))
	u := func(v uint64) string { return strconv.FormatUint(v, 10) }
	t = newTable(out, "RECIPIENT", "EVENTS", "DELIVERED", "WAITING", "DEAD", "DROPPED", "FILTERED", "SKIPPED", "DAMAGED")
	for _, r := range b.Recipients {
		name := r.Recipient
		if r.Paused {
			name += " (paused)"
		}
		err := t.row(name, u(r.Events), u(r.Delivered), u(r.Waiting), u(r.Dead), u(r.Dropped), u(r.Filtered), u(r.Skipped), u(r.Damaged))
		if err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	if len(b.Problems) == 0 {
		_, err := fmt.Fprintln(out, "\nall sums fit")
		return err
	}
	return nil
}
