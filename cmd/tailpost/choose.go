package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/option"
)

// looking is what all commands have that look at a state directory.
type looking struct {
	config string
	json   bool
}

func (l *looking) flags(c *cobra.Command) {
	addConfigFlag(c, &l.config)
	c.Flags().BoolVar(&l.json, "json", false, "print JSON, an object a line")
}

// look is what such a command does: show what was chosen of a state directory.
func look[C any](c *cobra.Command, l *looking, choice func([]string) (C, error), args []string,
	show func(out io.Writer, stateDir string, which C, asJSON bool) error,
) error {
	which, err := choice(args)
	if err != nil {
		return err
	}
	stateDir, err := whereabouts(l.config, c)
	if err != nil {
		return err
	}
	if err := show(c.OutOrStdout(), stateDir, which, l.json); err != nil {
		return failed(err)
	}
	return nil
}

// whereabouts gives the state directory that the configuration names, whatever
// else is wrong with it. Where it doesn't say it, or no spool is there, what is
// wrong with the configuration is the reason.
func whereabouts(path string, c *cobra.Command) (string, error) {
	at, err := config.Where(configPath(path))
	if err != nil {
		return "", usage(err)
	}
	none := holdsSpool(at.StateDir)
	if at.Doubt != "" || none != nil {
		if _, err := lookConfig(path, c.ErrOrStderr()); err != nil {
			return "", err
		}
	}
	if none != nil {
		return "", failed(fmt.Errorf("state_dir: %w", none))
	}
	return at.StateDir, nil
}

// stateDir is whereabouts for a command that needs more of the configuration.
func stateDir(path string, c *cobra.Command) (*config.Config, error) {
	conf, err := lookConfig(path, c.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	if err := holdsSpool(conf.StateDir); err != nil {
		return nil, failed(fmt.Errorf("state_dir: %w", err))
	}
	return conf, nil
}

// holdsSpool says why a directory can't be looked at, and what would help.
func holdsSpool(dir string) error {
	f, err := os.Open(filepath.Join(dir, "segments"))
	switch {
	case err == nil:
		return f.Close()
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; run this as the bridge's user", err)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "dead")); err == nil {
		return nil // dead letters are there, at least
	}
	return fmt.Errorf("there is no spool in %s yet: tailpost run makes it. If one runs, its directory was moved or removed: see tailpost status", dir)
}

// since is the flag --since.
type since struct{ text string }

func (s *since) flag(c *cobra.Command, usage string) {
	c.Flags().StringVar(&s.text, "since", "", usage)
}

// after gives the time from which on things count; the zero time without the
// flag.
func (s *since) after() (time.Time, error) {
	if s.text == "" {
		return time.Time{}, nil
	}
	d, err := option.ParseDuration(s.text)
	if err != nil {
		return time.Time{}, usage(fmt.Errorf("--since: %w", err))
	}
	return time.Now().Add(-d.D()), nil
}
