package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/spool"
)

// changing is what all commands have that change something.
type changing struct{ looking }

// act lets the bridge that runs in the state directory do something; if none
// runs, this process takes its place for that.
func (ch *changing) act(c *cobra.Command, do func(ctx context.Context, a admin.Actions) error) error {
	_, err := ch.actBy(c, do)
	return err
}

// actBy is act. It gives the configuration, too.
func (ch *changing) actBy(c *cobra.Command, do func(ctx context.Context, a admin.Actions) error) (*config.Config, error) {
	conf, err := stateDir(ch.config, c)
	if err != nil {
		return nil, err
	}
	if err := ask(c.Context(), conf, c.ErrOrStderr(), do); err != nil {
		return nil, failed(err)
	}
	return conf, nil
}

// A bridge that starts or stops has the lock and no socket: for so long it is
// asked again.
const (
	askFor  = 5 * time.Second
	askPoll = 100 * time.Millisecond
)

func ask(ctx context.Context, conf *config.Config, errOut io.Writer, do func(ctx context.Context, a admin.Actions) error) error {
	for begun := time.Now(); ; {
		err := do(ctx, admin.NewClient(conf.StateDir))
		if !errors.Is(err, admin.ErrNotRunning) {
			return err
		}
		o := app.Options{Log: newLog(conf.Log, errOut).Level(zerolog.WarnLevel), Version: versionText()}
		err = app.Offline(ctx, conf, o, do)
		locked := (*spool.LockedError)(nil)
		if !errors.As(err, &locked) || time.Since(begun) >= askFor {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askPoll):
		}
	}
}

// ended prints what was done, in words or as JSON; of an error, too, that came
// in the middle. What stays as it was makes the command fail.
func (ch *changing) ended(c *cobra.Command, r admin.Report, err error, did string) error {
	if err != nil && r.Done == 0 && len(r.Left) == 0 {
		return err
	}
	if ch.json {
		if err := printJSON(c.OutOrStdout(), r, ""); err != nil {
			return failed(err)
		}
	} else {
		fmt.Fprintln(c.OutOrStdout(), did)
		for _, l := range r.Left {
			fmt.Fprintf(c.ErrOrStderr(), "%s: %s\n", printable(l.What), printable(l.Reason))
		}
		if r.LeftOut > 0 {
			fmt.Fprintf(c.ErrOrStderr(), "… and %d more\n", r.LeftOut)
		}
	}
	if err == nil && len(r.Left) > 0 {
		return failed(nil)
	}
	return err
}

// numbered puts a number before the word for one or many.
func numbered(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
