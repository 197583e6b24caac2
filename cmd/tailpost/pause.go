package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/admin"
)

func newPause() *cobra.Command {
	return pausing(true, &cobra.Command{
		Use:   "pause NAME",
		Short: "Keep what waits for a recipient until it is resumed",
		Long: `Nothing more is sent to the recipient, and all that is accepted waits for it,
until resume, over restarts too. Attempts under way end; retry clocks stop. It
says how the recipient is then: the configuration may pause or disable it, too.`,
		Example: "  tailpost pause --config tailpost.toml servicenow",
	})
}

func newResume() *cobra.Command {
	return pausing(false, &cobra.Command{
		Use:   "resume NAME",
		Short: "Send to a paused recipient again",
		Long: `Undoes pause: what waits for the recipient is sent, the oldest first. It says so
where nothing is sent all the same: the configuration, too, can pause or disable
a recipient, and that is undone there.`,
		Example: "  tailpost resume --config tailpost.toml servicenow",
	})
}

func pausing(paused bool, c *cobra.Command) *cobra.Command {
	var ch changing
	c.Args = oneArg("NAME")
	c.RunE = func(c *cobra.Command, args []string) error {
		var r admin.Report
		err := ch.act(c, func(ctx context.Context, a admin.Actions) (err error) {
			r, err = a.Pause(ctx, args[0], paused)
			return err
		})
		if err == nil && r.Says != "" {
			fmt.Fprintln(c.OutOrStdout(), printable(r.Says))
		}
		return err
	}
	addConfigFlag(c, &ch.config)
	return c
}
