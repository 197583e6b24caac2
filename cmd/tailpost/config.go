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

// loadConfig reads the configuration and prints what is wrong with it.
// Warnings are for check and run to say.
func loadConfig(flag string, errOut io.Writer) (*config.Config, error) {
	return readConfig(flag, errOut, false)
}

// lookConfig is loadConfig for a command that sends nothing: secrets that can't
// be read don't matter.
func lookConfig(flag string, errOut io.Writer) (*config.Config, error) {
	c, problems := config.Look(configPath(flag))
	return read(c, problems, errOut, false)
}

// readConfig reads the configuration and prints what is wrong with it, and its
// warnings if they are wanted; they alone are no failure.
func readConfig(flag string, errOut io.Writer, warnings bool) (*config.Config, error) {
	c, problems := config.Load(configPath(flag))
	return read(c, problems, errOut, warnings)
}

func read(c *config.Config, problems []config.Problem, errOut io.Writer, warnings bool) (*config.Config, error) {
	for _, p := range problems {
		if warnings || !p.Warning {
			fmt.Fprintln(errOut, printable(p.String()))
		}
	}
	if c == nil {
		return nil, usage(nil)
	}
	return c, nil
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
