package main

import (
	"cmp"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/config"
)

const defaultConfig = "/etc/tailpost/tailpost.toml"

// addConfigFlag adds --config where a configuration is needed.
func addConfigFlag(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "config", "", "configuration file (default $TAILPOST_CONFIG, then "+defaultConfig+")")
}

func configPath(flag string) string {
	return cmp.Or(flag, os.Getenv("TAILPOST_CONFIG"), defaultConfig)
}

// loadConfig reads the configuration and prints its problems. Warnings alone
// are no failure.
func loadConfig(flag string, errOut io.Writer) (*config.Config, error) {
	c, problems := config.Load(configPath(flag))
	for _, p := range problems {
		fmt.Fprintln(errOut, p)
	}
	if c == nil {
		return nil, usage(nil)
	}
	return c, nil
}

func newCheck() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration",
		Long: `Reads the configuration as run does and prints all its problems, a line each:
file:line:column: key: problem; hint. Warnings alone are no failure.`,
		Example: "  tailpost check --config tailpost.toml",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, problems := config.Load(configPath(path))
			errors, warnings := 0, 0
			for _, p := range problems {
				fmt.Fprintln(c.ErrOrStderr(), p)
				if p.Warning {
					warnings++
				} else {
					errors++
				}
			}
			fmt.Fprintf(c.ErrOrStderr(), "%s: %s, %s\n", configPath(path), count(errors, "problem"), count(warnings, "warning"))
			if errors > 0 {
				return usage(nil)
			}
			return nil
		},
	}
	addConfigFlag(c, &path)
	return c
}

func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
