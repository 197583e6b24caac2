package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/spool"
)

func newDead() *cobra.Command {
	c := &cobra.Command{
		Use:     "dead",
		Short:   "Dead letters: events that a recipient never took",
		Example: "  tailpost dead ls --recipient servicenow --since 24h",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDeadLs())
	return c
}

// deadFilter chooses dead letters.
type deadFilter struct {
	recipient, event string
	since            string
	after            time.Time
}

func newDeadLs() *cobra.Command {
	var path string
	var f deadFilter
	var asJSON bool
	c := &cobra.Command{
		Use:   "ls",
		Short: "List the dead letters",
		Long: `Lists the dead letters, the oldest first, with the bridge running or not: id,
recipient, event, session, since when it failed, attempts, and what the last
attempt said.`,
		Example: "  tailpost dead ls --config tailpost.toml --recipient servicenow --since 24h",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			conf, err := loadConfig(path, c.ErrOrStderr())
			if err != nil {
				return err
			}
			if f.since != "" {
				d, err := option.ParseDuration(f.since)
				if err != nil {
					return usage(fmt.Errorf("--since: %w", err))
				}
				f.after = time.Now().Add(-d.D())
			}
			if _, err := os.Stat(conf.StateDir); err != nil {
				return failed(fmt.Errorf("state_dir: %w", err))
			}
			if err := listDead(c.OutOrStdout(), conf.StateDir, f, asJSON); err != nil {
				return failed(err)
			}
			return nil
		},
	}
	addConfigFlag(c, &path)
	fl := c.Flags()
	fl.StringVar(&f.recipient, "recipient", "", "only of this recipient")
	fl.StringVar(&f.event, "event", "", "only events of this name")
	fl.StringVar(&f.since, "since", "", `only those that died within this time, such as "24h"`)
	fl.BoolVar(&asJSON, "json", false, "print a JSON object a line")
	return c
}

func (f *deadFilter) takes(l dispatch.Letter) bool {
	return (f.recipient == "" || l.Recipient == f.recipient) &&
		(f.event == "" || l.Event == f.event) &&
		!l.Died.Before(f.after)
}

func listDead(out io.Writer, stateDir string, f deadFilter, asJSON bool) error {
	tab := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if !asJSON {
		fmt.Fprintln(tab, "ID\tRECIPIENT\tEVENT\tSESSION\tSINCE\tATTEMPTS\tREASON")
	}
	err := spool.ReadDead(stateDir, func(d spool.DeadLetter) error {
		l, err := dispatch.DecodeLetter(d.Letter)
		if err != nil {
			return fmt.Errorf("dead letter %d of %s: %w", d.Number, d.Recipient, err)
		}
		if !f.takes(l) {
			return nil
		}
		if asJSON {
			return enc.Encode(l)
		}
		_, err = fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", l.ID, printable(l.Recipient), printable(l.Event),
			printable(l.Session), l.Since.UTC().Format(time.RFC3339), l.Attempts, printable(l.Reason))
		return err
	})
	if err != nil {
		return err
	}
	return tab.Flush()
}
