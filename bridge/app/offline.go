package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/spool"
)

// Offline opens the state directory in the place of a bridge that doesn't run,
// for one action. It takes the lock at once or gives an error that wraps a
// *spool.LockedError, which says who has it. Nothing is read or delivered.
func Offline(ctx context.Context, c *config.Config, o Options, do func(context.Context, admin.Actions) error) error {
	if err := belongsTo(c.StateDir, os.Geteuid()); err != nil {
		return err
	}
	so := c.Spool
	so.Dir, so.Log, so.LockWait = c.StateDir, o.Log, 0
	sp, err := spool.Open(ctx, so)
	if err != nil {
		return fmt.Errorf("open the state directory %s: %w", c.StateDir, err)
	}
	a := newApp(c, o, sp)
	if err := a.openSources(); err != nil {
		return errors.Join(err, sp.Close())
	}
	failed := make(chan error, 1)
	g := newGroup(context.WithoutCancel(ctx), failed)
	g.run("spool", sp.Run)
	err = do(ctx, actions{a})
	g.stop()
	select {
	case late := <-failed:
		err = errors.Join(err, late)
	default:
	}
	return errors.Join(err, sp.Close())
}

// belongsTo refuses a state directory whose files another user's bridge made:
// files of ours would be in its way.
func belongsTo(dir string, uid int) error {
	for _, path := range []string{filepath.Join(dir, "lock"), dir} {
		info, err := os.Stat(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != uid {
			return fmt.Errorf("%s belongs to uid %d, and this process runs as uid %d: run it as that user, such as with sudo -u '#%d'", dir, st.Uid, uid, st.Uid)
		}
		return nil
	}
	return nil
}

// Repair sets aside what is damaged in a state directory that no bridge uses.
func Repair(ctx context.Context, c *config.Config, o Options) ([]spool.Finding, error) {
	if err := belongsTo(c.StateDir, os.Geteuid()); err != nil {
		return nil, err
	}
	so := c.Spool
	so.Dir, so.Log, so.LockWait = c.StateDir, o.Log, 0
	return spool.Repair(ctx, so)
}
