package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
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
	stateDir, err := whereabouts(ch.config, c)
	if err != nil {
		return err
	}
	return ask(c.Context(), stateDir, c.ErrOrStderr(), ch.configuration(c), do)
}

// configuration reads it when it is first needed: a bridge that runs has its own.
func (ch *changing) configuration(c *cobra.Command) func() (*config.Config, error) {
	return sync.OnceValues(func() (*config.Config, error) { return lookConfig(ch.config, c.ErrOrStderr()) })
}

// A bridge that starts or stops has the lock and no socket: for so long it is
// asked again.
const (
	askFor  = 5 * time.Second
	askPoll = 100 * time.Millisecond
)

func ask(ctx context.Context, stateDir string, errOut io.Writer, configuration func() (*config.Config, error), do func(ctx context.Context, a admin.Actions) error) error {
	for begun := time.Now(); ; {
		err := do(ctx, admin.NewClient(stateDir))
		if err == nil {
			return nil
		}
		if !errors.Is(err, admin.ErrNotRunning) {
			return failed(err)
		}
		conf, err := configuration()
		if err != nil {
			return err
		}
		o := app.Options{Log: newLog(conf.Log, errOut).Level(zerolog.WarnLevel), Version: versionText()}
		err = app.Offline(ctx, conf, o, do)
		locked := (*spool.LockedError)(nil)
		if err == nil {
			return nil
		}
		if !errors.As(err, &locked) || time.Since(begun) >= askFor {
			return failed(err)
		}
		select {
		case <-ctx.Done():
			return failed(ctx.Err())
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
