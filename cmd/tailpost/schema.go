package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/config"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print a JSON schema of the configuration, for editors",
		Long: `Print a JSON schema (draft 7) of the configuration. An editor that knows one for
TOML files (taplo, Even Better TOML) completes keys with it, explains them, and
shows what is wrong as you type. A first line in the file names it:

  #:schema ./tailpost.schema.json

tailpost check knows more: what goes with what, and what lies on disk.`,
		Example: "  tailpost schema > tailpost.schema.json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := c.OutOrStdout().Write(config.Schema()); err != nil {
				return failed(fmt.Errorf("write: %w", err))
			}
			return nil
		},
	}
}
