package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/config"
)

// healthMost is how long health waits: less than a container's check may take.
const healthMost = 2 * time.Second

func newHealth() *cobra.Command {
	var path string
	var ready bool
	c := &cobra.Command{
		Use:   "health",
		Short: "Ask the running bridge whether it lives",
		Long: `Asks the bridge that runs in the configuration's state_dir, by its control
socket, whether it lives; with --ready, whether data can flow: the spool can be
written, each source can be read, or waits where its log would come. A recipient
that is down doesn't count. Who may not use the socket asks [admin] listen.

It needs no network, takes two seconds at most, and says one line: exit code 0
where all is well, 1 where it isn't, no bridge runs, or the configuration doesn't
say where one would; 2 for wrong arguments alone. What is wrong with the
configuration since the bridge read it doesn't matter.`,
		Example: "  tailpost health --config tailpost.toml\n  tailpost health --ready",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := config.Where(configPath(path))
			if err != nil {
				return failed(err) // a container's check knows no other code than 1
			}
			ctx, cancel := context.WithTimeout(c.Context(), healthMost)
			defer cancel()
			if err := askHealth(ctx, at.StateDir, at.Listen, ready); err != nil {
				return failed(errors.New(strings.ReplaceAll(err.Error(), "\n", "; ")))
			}
			fmt.Fprintln(c.OutOrStdout(), "ok")
			return nil
		},
	}
	addConfigFlag(c, &path)
	c.Flags().BoolVar(&ready, "ready", false, "ask whether data can flow")
	return c
}

// askHealth asks by the control socket, or, where this user may not, by TCP.
func askHealth(ctx context.Context, stateDir, listen string, ready bool) error {
	err := admin.NewClient(stateDir).Health(ctx, ready)
	if errors.Is(err, admin.ErrNotAllowed) && listen != "" {
		err = admin.HealthAt(ctx, reachable(listen), ready)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("the bridge did not answer within %v", healthMost)
	}
	return err
}

// reachable gives where a listener of all addresses can be reached from here.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return listen
}
