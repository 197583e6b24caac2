package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/parsers"
)

func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print a script that completes commands in a shell",
		Long: `Prints a script for the shell named: with it the shell completes commands, flags,
and the names of recipients and sources in the configuration. The packages
install it; elsewhere put it where the shell looks.`,
		Example: `  tailpost completion bash > /usr/share/bash-completion/completions/tailpost
  tailpost completion zsh > "${fpath[1]}/_tailpost"
  tailpost completion fish > ~/.config/fish/completions/tailpost.fish`,
		ValidArgs: []string{"bash", "zsh", "fish"},
		Args:      oneArg("shell: bash, zsh or fish"),
		RunE: func(c *cobra.Command, args []string) error {
			out := c.OutOrStdout()
			var err error
			switch args[0] {
			case "bash":
				err = c.Root().GenBashCompletionV2(out, true)
			case "zsh":
				err = c.Root().GenZshCompletion(out)
			case "fish":
				err = c.Root().GenFishCompletion(out, true)
			default:
				return usage(fmt.Errorf("%q is no shell that is known; use bash, zsh or fish", args[0]))
			}
			if err != nil {
				return failed(err)
			}
			return nil
		},
	}
}

// addCompletions says what completes the arguments and flags of each command
// below c. Files complete what reads files alone.
func addCompletions(c *cobra.Command) {
	for _, sub := range c.Commands() {
		addCompletions(sub)
	}
	switch {
	case takesName[c.Name()]:
		c.ValidArgsFunction = firstOf(recipientNames)
	case c.Name() != "parse" && len(c.ValidArgs) == 0:
		c.ValidArgsFunction = cobra.NoFileCompletions
	}
	if c.Flags().Lookup("config") != nil {
		c.MarkFlagFilename("config", "toml")
	}
	for flag, words := range completed {
		if c.Flags().Lookup(flag) != nil {
			c.RegisterFlagCompletionFunc(flag, words)
		}
	}
}

// takesName has the commands whose one argument is a recipient's name.
var takesName = map[string]bool{"test": true, "pause": true, "resume": true}

// completed has the flags whose values are known.
var completed = map[string]cobra.CompletionFunc{
	"recipient": recipientNames,
	"source":    sourceNames,
	"event":     cobra.FixedCompletions(bridge.SessionEvents(), cobra.ShellCompDirectiveNoFileComp),
	"format":    cobra.FixedCompletions(parsers.Formats(), cobra.ShellCompDirectiveNoFileComp),
}

// firstOf completes the first argument alone.
func firstOf(words cobra.CompletionFunc) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return words(c, args, begun)
	}
}

func recipientNames(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return namesOf(c, (*config.Config).Recipients)
}

func sourceNames(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return namesOf(c, (*config.Config).Sources)
}

// namesOf reads the configuration that the command line names so far. One that
// can't be read completes nothing.
func namesOf(c *cobra.Command, items func(*config.Config) []config.Item) ([]string, cobra.ShellCompDirective) {
	path, _ := c.Flags().GetString("config")
	conf, _ := config.Look(configPath(path))
	if conf == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, i := range items(conf) {
		// A line of the answer is a word and, after a tab, what it means.
		names = append(names, cobra.CompletionWithDesc(printable(i.Name), i.Kind))
	}
	slices.Sort(names)
	return names, cobra.ShellCompDirectiveNoFileComp
}
