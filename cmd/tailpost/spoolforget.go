package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/admin"
)

func newSpoolForget() *cobra.Command {
	var ch changing
	c := &cobra.Command{
		Use:   "forget NAME",
		Short: "Forget a recipient that is not configured any more",
		Long: `Makes dead letters of all that waits for a recipient that was taken out of the
configuration, and forgets its name: the spool keeps nothing for it any longer.
Should the name come back it is a new recipient, which gets what comes next.`,
		Example: "  tailpost spool forget --config tailpost.toml servicenow",
		Args:    oneArg("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			var r admin.Report
			err := ch.act(c, func(ctx context.Context, a admin.Actions) (err error) {
				r, err = a.Forget(ctx, args[0])
				return err
			})
			return ch.ended(c, r, err, numbered(r.Done, "event that waited is a dead letter now", "events that waited are dead letters now"))
		},
	}
	ch.flags(c)
	return c
}
