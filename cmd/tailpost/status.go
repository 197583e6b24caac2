package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/status"
)

func newStatus() *cobra.Command {
	var l looking
	var recipient string
	c := &cobra.Command{
		Use:   "status",
		Short: "Tell how the bridge fares, and fail if something needs a person",
		Long: `Asks the running bridge how it fares: its recipients, sources and spool, the
balance and the configuration; then what needs a person, and what to do. What a
person chose (paused, disabled) is no need, nor is a failure that may pass, until
it has lasted for the recipient's send_email_alert_after. What is wrong with the
configuration since the bridge read it is a need, too.

Exit codes: 0 all is well; 1 something needs a person, or no bridge runs: then
it shows what the files tell; 2 wrong arguments, or no bridge runs and the
configuration is refused.`,
		Example: "  tailpost status\n  tailpost status --recipient servicenow\n  tailpost status --json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := config.Where(configPath(l.config))
			if err != nil {
				return usage(err)
			}
			if at.Doubt != "" {
				fmt.Fprintf(c.ErrOrStderr(), "%s: it is the bridge in %s that is asked\n", printable(at.Doubt), printable(at.StateDir))
			}
			s, err := admin.NewClient(at.StateDir).Status(c.Context())
			if errors.Is(err, admin.ErrNotRunning) {
				if s = bereftOf(c.Context(), at.StateDir, at.Listen); s != nil {
					err = nil
				}
			}
			if errors.Is(err, admin.ErrNotRunning) {
				if _, err := lookConfig(l.config, c.ErrOrStderr()); err != nil {
					return err
				}
				return withoutBridge(c.OutOrStdout(), at.StateDir, &l, err)
			}
			if err != nil {
				return failed(err)
			}
			if s, err = chosen(s, recipient); err != nil {
				return usage(err)
			}
			if err := showStatus(c.OutOrStdout(), s, recipient != "", l.json); err != nil {
				return failed(err)
			}
			if len(s.Needs) > 0 {
				return failed(nil)
			}
			return nil
		},
	}
	addConfigFlag(c, &l.config)
	c.Flags().BoolVar(&l.json, "json", false, "print all of it as one JSON object")
	c.Flags().StringVar(&recipient, "recipient", "", "of this recipient alone, and all that is known of it")
	return c
}

// bereftOf asks the bridge of a state directory by TCP, where its control socket
// isn't there any more: somebody may have moved or removed the directory. nil: no
// bridge answers that says so itself. Another one's directory can have the same
// name, and whoever has the port could say that all is well.
func bereftOf(ctx context.Context, stateDir, listen string) *status.Snapshot {
	if listen == "" {
		return nil
	}
	s, err := admin.StatusAt(ctx, reachable(listen))
	if err != nil || s.Spool.Dir != stateDir || len(s.Needs) == 0 || !strings.Contains(s.Spool.Failing, spool.ErrAway.Error()) {
		return nil
	}
	return s
}

// withoutBridge tells what the files do.
func withoutBridge(out io.Writer, stateDir string, l *looking, why error) error {
	if err := holdsSpool(stateDir); err != nil {
		return failed(errors.Join(why, err))
	}
	if !l.json {
		b, err := app.Audit(stateDir)
		if err == nil {
			err = printBalance(out, b)
		}
		if err != nil {
			return failed(errors.Join(why, err))
		}
		for _, p := range b.Problems {
			fmt.Fprintln(out, printable(p))
		}
	}
	return failed(why)
}

// chosen leaves all but one recipient out, and the needs of others; of none
// that is named, nothing.
func chosen(s *status.Snapshot, recipient string) (*status.Snapshot, error) {
	if recipient == "" {
		return s, nil
	}
	one := *s
	one.Recipients, one.Needs = []status.Recipient{}, []status.Need{}
	for _, r := range s.Recipients {
		if r.Name == recipient {
			one.Recipients = append(one.Recipients, r)
		}
	}
	if len(one.Recipients) == 0 {
		return nil, fmt.Errorf("no recipient has the name %q; tailpost status lists them", recipient)
	}
	for _, n := range s.Needs {
		if n.Name == recipient && n.Kind != "source" {
			one.Needs = append(one.Needs, n)
		}
	}
	return &one, nil
}

// showStatus prints a snapshot: whole, or of its one recipient.
func showStatus(out io.Writer, s *status.Snapshot, one, asJSON bool) error {
	if asJSON {
		return printJSON(out, s, "")
	}
	t := statusView{out: out, s: s, one: one}
	if one {
		t.recipient(&s.Recipients[0])
	} else {
		t.head()
		t.recipients()
		t.sources()
		t.rest()
	}
	t.needs()
	return t.err
}
