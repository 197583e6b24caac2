package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/admin"
)

func newQuarantineReplay() *cobra.Command {
	var ch changing
	var f lineFlags
	c := &cobra.Command{
		Use:   "replay [NUMBER...]",
		Short: "Parse lines in quarantine anew",
		Long: `Parses lines in quarantine anew, in the present format of their source: those
with the numbers given, those that fit the flags (as in quarantine ls), or with
both those that fit both. Parts of a message that was given up as incomplete
come together where they are replayed in one call. The events are accepted now,
with the ids that they would have had. A line that still can't be parsed stays
in quarantine, and the command says why and fails.`,
		Example: `  tailpost quarantine replay --config tailpost.toml --source appliance
  tailpost quarantine replay --config tailpost.toml 10000000001`,
		RunE: func(c *cobra.Command, args []string) error {
			which, err := f.choice(args)
			if err != nil {
				return err
			}
			if len(which.Numbers) == 0 && which.Source == "" && which.Since.IsZero() {
				return usage(errors.New("say which lines: numbers, --source or --since"))
			}
			var r admin.Report
			err = ch.act(c, func(ctx context.Context, a admin.Actions) (err error) {
				r, err = a.ReplayLines(ctx, which)
				return err
			})
			return ch.ended(c, r, err, replayedText(r))
		},
	}
	ch.flags(c)
	f.flags(c)
	return c
}

func replayedText(r admin.Report) string {
	s := fmt.Sprintf("%s; %s",
		numbered(r.Done, "line is in quarantine no longer", "lines are in quarantine no longer"), numbered(r.Events, "event", "events"))
	if r.Ignored > 0 {
		s += "; " + numbered(r.Ignored, "line has no event in it and is ignored", "lines have no event in them and are ignored")
	}
	return s
}
