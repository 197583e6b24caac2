package main

import (
	"github.com/spf13/cobra"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "tailpost",
		Short: "Tell HTTP and email recipients what happens in remote-support sessions",
		Long: `Tailpost stands beside a remote-support appliance, reads its session log, and
tells HTTP and email recipients what happens in sessions: nothing lost, nothing
twice, in order.

Exit codes: 0 clean, 1 failed, 2 wrong arguments or configuration.`,
		Example:       "  tailpost demo\n  tailpost run --config /etc/tailpost/tailpost.toml",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.AddCommand(newRun(), newCheck(), newTest(), newParse(), newDemo(), newReceive(), newDead(), newQuarantine(), newSpool(), newAudit(), newWhy(), newPause(), newResume(), newHealth(), newSchema(), newVersion(), newCompletion(), newMan())
	addCompletions(root)
	return root
}
