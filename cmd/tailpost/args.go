package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// noArgs refuses arguments of a command that takes none.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return wrongCall(c, fmt.Sprintf("no argument such as %q", args[0]))
	}
	return nil
}

// oneArg wants the one thing that the usage names.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return wrongCall(c, fmt.Sprintf("one %s, not %d", what, len(args)))
		}
		return nil
	}
}

// someArgs wants one thing or more.
func someArgs(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return wrongCall(c, fmt.Sprintf("one %s or more", what))
		}
		return nil
	}
}

func wrongCall(c *cobra.Command, takes string) error {
	path := c.CommandPath()
	return fmt.Errorf("%s takes %s; see %s --help", strings.TrimPrefix(path, c.Root().Name()+" "), takes, path)
}
