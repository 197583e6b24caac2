package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/dispatch"
)

func newDead() *cobra.Command {
	c := &cobra.Command{
		Use:     "dead",
		Short:   "Dead letters: events that a recipient never took",
		Example: "  tailpost dead ls --recipient servicenow --since 24h",
		Args:    aCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDeadLs(), newDeadShow(), newDeadReplay(), newDeadDrop())
	return c
}

// letterFlags choose dead letters.
type letterFlags struct {
	letters admin.Letters
	since   since
}

func (f *letterFlags) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.letters.Recipient, "recipient", "", "only of this recipient")
	c.Flags().StringVar(&f.letters.Event, "event", "", "only events of this name")
	f.since.flag(c, `only those that died within this time, such as "24h"`)
}

// choice gives what the flags and the ids in args choose.
func (f *letterFlags) choice(args []string) (which admin.Letters, err error) {
	which = f.letters
	if which.Since, err = f.since.after(); err != nil {
		return which, err
	}
	for _, a := range args {
		var id bridge.ID
		if err := id.UnmarshalText([]byte(a)); err != nil {
			return which, usage(fmt.Errorf("%q is no id: %w", a, err))
		}
		which.IDs = append(which.IDs, id)
	}
	return which, nil
}

func newDeadLs() *cobra.Command {
	var l looking
	var f letterFlags
	c := &cobra.Command{
		Use:   "ls",
		Short: "List the dead letters",
		Long: `Lists the dead letters, the oldest first, with the bridge running or not: id,
recipient, event, session, since when it failed, attempts, and what the last
attempt said.`,
		Example: "  tailpost dead ls --config tailpost.toml --recipient servicenow --since 24h",
		Args:    noArgs,
		RunE: func(c *cobra.Command, args []string) error {
			return look(c, &l, f.choice, args, listDead)
		},
	}
	l.flags(c)
	f.flags(c)
	return c
}

func listDead(out io.Writer, stateDir string, which admin.Letters, asJSON bool) error {
	if asJSON {
		return app.Letters(stateDir, which, func(l dispatch.Letter) error { return printJSON(out, l, "") })
	}
	t := newTable(out, "ID", "RECIPIENT", "EVENT", "SESSION", "SINCE", "ATTEMPTS", "REASON")
	err := app.Letters(stateDir, which, func(l dispatch.Letter) error {
		return t.row(l.ID.String(), l.Recipient, l.Event, l.Session, l.Since.UTC().Format(time.RFC3339), strconv.Itoa(l.Attempts), l.Reason)
	})
	if err != nil {
		return err
	}
	return t.flush()
}
