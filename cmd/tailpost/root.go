package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "tailpost",
		Short: "Tell HTTP and email recipients what happens in remote-support sessions",
		Long: `Tailpost stands beside a remote-support appliance, reads its session log, and
tells HTTP and email recipients what happens in sessions: nothing lost, in
order, and nothing twice but what was in flight at a kill.

New here? tailpost demo shows it at work. Then write a configuration, and let
tailpost check say what is wrong with it.

Exit codes: 0 clean, 1 failed, 2 wrong arguments or configuration.`,
		Example:       "  tailpost demo\n  tailpost run --config /etc/tailpost/tailpost.toml",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          aCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.AddCommand(newRun(), newCheck(), newTest(), newParse(), newDemo(), newReceive(), newDead(), newQuarantine(), newSpool(), newStatus(), newAudit(), newWhy(), newPause(), newResume(), newHealth(), newSchema(), newVersion(), newCompletion(), newMan())
	addCompletions(root)
	group(root)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, c.CommandPath())
	})
	return root
}
