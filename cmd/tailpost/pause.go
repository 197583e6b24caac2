package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/config"
)

func newPause() *cobra.Command {
	return pausing(true, &cobra.Command{
		Use:   "pause NAME",
		Short: "Keep what waits for a recipient until it is resumed",
		Long: `Nothing more is sent to the recipient, and all that is accepted waits for it,
until resume, over restarts too. Attempts under way end; retry clocks stop.`,
		Example: "  tailpost pause --config tailpost.toml servicenow",
	})
}

func newResume() *cobra.Command {
	return pausing(false, &cobra.Command{
		Use:     "resume NAME",
		Short:   "Send to a paused recipient again",
		Long:    `Undoes pause: what waits for the recipient is sent, the oldest first.`,
		Example: "  tailpost resume --config tailpost.toml servicenow",
	})
}

func pausing(paused bool, c *cobra.Command) *cobra.Command {
	var ch changing
	c.Args = oneArg("NAME")
	c.RunE = func(c *cobra.Command, args []string) error {
		err := ch.act(c, func(ctx context.Context, a admin.Actions) error { return a.Pause(ctx, args[0], paused) })
		if err != nil || paused {
			return err
		}
		conf, _ := config.Look(configPath(ch.config))
		if conf == nil {
			return nil // it was done, and the bridge itself tells of its configuration
		}
		if p := conf.Policy(args[0]); p != nil {
			switch {
			case !p.Enabled:
				fmt.Fprintln(c.ErrOrStderr(), "note: nothing is sent to it all the same: the configuration says enabled = false")
			case p.Paused:
				fmt.Fprintln(c.ErrOrStderr(), "note: nothing is sent to it all the same: the configuration says paused = true")
			}
		}
		return nil
	}
	addConfigFlag(c, &ch.config)
	return c
}
