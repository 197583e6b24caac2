package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/cmd/tailpost/notify"
)

func newRun() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "run",
		Short: "Run the bridge",
		Long: `Reads the sources, keeps events in the spool, and delivers them to the
recipients, until SIGTERM or SIGINT; what is in flight then gets the grace of
[shutdown]. A second signal stops at once: nothing settled is lost. Where all
input has ended (standard input alone), it ends once everything is delivered.

The configuration is reloaded when one of its files changes, or at once by
SIGHUP. One that is refused leaves the old one in force; the log says why.

Started by systemd as Type=notify it says when it is ready, reloads or stops, and
feeds the watchdog while its main loops turn.`,
		Example: "  tailpost run --config tailpost.toml",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			// A reader of our output that goes away must not take the other
			// recipients with it.
			signal.Ignore(syscall.SIGPIPE)
			hangup := make(chan os.Signal, 1)
			signal.Notify(hangup, syscall.SIGHUP)
			defer signal.Stop(hangup)
			conf, err := readConfig(path, c.ErrOrStderr(), true)
			if err != nil {
				return err
			}
			setLevel(conf.Log.Level)
			log := newLog(config.Log{Level: zerolog.LevelDebugValue, Format: conf.Log.Format}, c.ErrOrStderr())
			systemd := notify.FromEnvironment(log)
			err = app.Run(c.Context(), conf, app.Options{
				Log:     log,
				Stdin:   c.InOrStdin(),
				Stdout:  c.OutOrStdout(),
				Version: versionText(),
				Reload:  true,
				Hangup:  hangup,
				Level:   setLevel,

				Ready:      systemd.Ready,
				Supervisor: systemd,
			})
			if err != nil {
				return failed(err)
			}
			return nil
		},
	}
	addConfigFlag(c, &path)
	return c
}

// newLog gives the log on standard error: JSON, or lines for people on a
// terminal.
func newLog(o config.Log, w io.Writer) zerolog.Logger {
	zerolog.TimeFieldFormat = time.RFC3339Nano
	zerolog.DurationFieldInteger = false
	if o.Format == "console" || o.Format == "auto" && isTerminal(w) {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly, NoColor: os.Getenv("NO_COLOR") != "" || !isTerminal(w)}
	}
	return zerolog.New(w).Level(levelOf(o.Level)).With().Timestamp().Logger()
}

// levelOf reads a level that was checked.
func levelOf(text string) zerolog.Level {
	level, err := zerolog.ParseLevel(text)
	if err != nil {
		panic(fmt.Sprintf("log level %q was checked", text))
	}
	return level
}

// setLevel sets the level of all logs: a reload may change it.
func setLevel(text string) { zerolog.SetGlobalLevel(levelOf(text)) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
