package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/admin"
)

func newDeadReplay() *cobra.Command {
	return deadChange(&cobra.Command{
		Use:   "replay [ID...]",
		Short: "Let dead letters wait again",
		Long: `Lets dead letters wait for their recipients again, under the same ids: those
with the ids given, those that fit the flags (as in dead ls), or with both those
that fit both. It doesn't ask. They are sent when nothing live of their session
waits, and beside live events in one of four slots at most; their clocks begin
anew, and one whose clock runs out again is a dead letter again.`,
		Example: `  tailpost dead replay --config tailpost.toml --recipient servicenow --since 24h
  tailpost dead replay --config tailpost.toml 0b5c1f6e0a7d4c0f9e1c2d3b4a596877`,
	}, "waits again", "wait again", admin.Actions.ReplayDead)
}

func newDeadDrop() *cobra.Command {
	return deadChange(&cobra.Command{
		Use:   "drop [ID...]",
		Short: "Give dead letters up for good",
		Long: `Gives dead letters up for good: those with the ids given, those that fit the
flags (as in dead ls), or with both those that fit both. It doesn't ask. They
count as dropped from then on.`,
		Example: `  tailpost dead drop --config tailpost.toml --recipient servicenow --event support_conference_member_added
  tailpost dead drop --config tailpost.toml 0b5c1f6e0a7d4c0f9e1c2d3b4a596877`,
	}, "is dropped", "are dropped", admin.Actions.DropDead)
}

// deadChange makes a command that does something to chosen letters.
func deadChange(c *cobra.Command, one, many string, do func(admin.Actions, context.Context, admin.Letters) (admin.Report, error)) *cobra.Command {
	var ch changing
	var f letterFlags
	c.RunE = func(c *cobra.Command, args []string) error {
		which, err := f.choice(args)
		if err != nil {
			return err
		}
		if len(which.IDs) == 0 && which.Recipient == "" && which.Event == "" && which.Since.IsZero() {
			return usage(errors.New("say which dead letters: ids, --recipient, --event or --since"))
		}
		var r admin.Report
		err = ch.act(c, func(ctx context.Context, a admin.Actions) (err error) {
			r, err = do(a, ctx, which)
			return err
		})
		return ch.ended(c, r, err, numbered(r.Done, "dead letter "+one, "dead letters "+many))
	}
	ch.flags(c)
	f.flags(c)
	return c
}
