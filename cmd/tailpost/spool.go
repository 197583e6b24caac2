package main

import (
	"github.com/spf13/cobra"
)

func newSpool() *cobra.Command {
	c := &cobra.Command{
		Use:     "spool",
		Short:   "The spool: accepted events on disk",
		Example: "  tailpost spool cat --event support_conference_end",
		Args:    aCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSpoolLs(), newSpoolCat(), newSpoolVerify(), newSpoolRepair(), newSpoolForget())
	return c
}
