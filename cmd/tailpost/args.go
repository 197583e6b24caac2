package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// aCommand refuses what is none of a command's commands.
func aCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = 2
	hint := ""
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("; did you mean %q", near[0])
	}
	return fmt.Errorf("unknown command %q%s; see %s --help", args[0], hint, c.CommandPath())
}

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
