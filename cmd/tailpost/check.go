package main

import (
	"context"
	"fmt"
	"io"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/config"
)

func newCheck() *cobra.Command {
	var path string
	var connect bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration",
		Long: `Reads the configuration as run does and prints all its problems, a line each:
file:line:column: key: problem; hint. Warnings alone are no failure.

With --connect it then goes to each recipient as far as it can without an event:
it resolves names, connects, checks certificates, logs in. Nothing is sent.`,
		Example: "  tailpost check --config tailpost.toml\n  tailpost check --config tailpost.toml --connect",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			conf, err := check(configPath(path), c.ErrOrStderr())
			if err != nil || !connect {
				return err
			}
			return connectAll(c.Context(), conf, c.OutOrStdout())
		},
	}
	addConfigFlag(c, &path)
	c.Flags().BoolVar(&connect, "connect", false, "connect to each recipient, without sending an event")
	return c
}

func check(path string, errOut io.Writer) (*config.Config, error) {
	conf, problems := config.Load(path)
	errors, warnings := 0, 0
	for _, p := range problems {
		fmt.Fprintln(errOut, printable(p.String()))
		if p.Warning {
			warnings++
		} else {
			errors++
		}
	}
	fmt.Fprintf(errOut, "%s: %s, %s\n", printable(path), count(errors, "problem"), count(warnings, "warning"))
	if errors > 0 {
		return nil, usage(nil)
	}
	return conf, nil
}

// connectAll prints how each recipient was reached, and what happened on the
// way to one that was not.
func connectAll(ctx context.Context, conf *config.Config, out io.Writer) error {
	bad := false
	for _, c := range app.ConnectAll(ctx, conf, app.Options{Log: zerolog.Nop(), Stdout: out, Version: versionText()}) {
		name := fmt.Sprintf("%s (%s)", printable(c.Name), c.Kind)
		if c.Err == nil {
			fmt.Fprintf(out, "%s: reached in %v\n", name, rounded(c.Receipt.Took))
			continue
		}
		bad = true
		fmt.Fprintf(out, "%s: failed: %s\n", name, oneLine(c.Err.Error()))
		printSteps(out, c.Receipt.Steps)
	}
	if bad {
		return failed(nil)
	}
	return nil
}
