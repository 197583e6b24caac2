package main

import (
	"errors"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/config"
)

func newWhy() *cobra.Command {
	var l looking
	var recipient string
	c := &cobra.Command{
		Use:   "why ID",
		Short: "Tell what became of an event",
		Long: `Tells all that is known of an event, with the bridge running or not: where it
came from (file and bytes, all lines of a message in segments), what each
recipient's filter says of it, what became of it there, the attempts, and what
happens next. ID may be the beginning of an id, six digits or more, if no other
id begins so.

Events that every recipient is done with are known as long as they are kept
([spool] keep). Of an event's attempts at a recipient the first three and the last
five are remembered, as long as there is room (64 MiB for all). Filters are
asked as they are configured now.`,
		Example: "  tailpost why --config tailpost.toml 0b5c1f6e0a7d4c0f9e1c2d3b4a596877",
		Args:    oneArg("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			conf, err := stateDir(l.config, c)
			if err != nil {
				return err
			}
			return why(c, conf, args[0], recipient, l.json)
		},
	}
	l.flags(c)
	c.Flags().StringVar(&recipient, "recipient", "", "only what became of it at this recipient")
	return c
}

func why(c *cobra.Command, conf *config.Config, id, recipient string, asJSON bool) error {
	all, err := app.Explain(c.Context(), conf, id)
	var bad *app.BadPrefixError
	var several *app.AmbiguousError
	switch {
	case errors.As(err, &bad), errors.As(err, &several):
		return usage(err)
	case err != nil:
		return failed(err)
	}
	out := c.OutOrStdout()
	for i := range all {
		w := &all[i]
		if recipient != "" {
			if err := only(conf, w, recipient); err != nil {
				return usage(err)
			}
		}
		if asJSON {
			err = printJSON(out, wholeWhy(w), "")
		} else {
			err = showWhy(out, w, i > 0)
		}
		if err != nil {
			return failed(err)
		}
	}
	return nil
}

// only leaves what became of the event at one recipient, which may be one that
// is not configured any longer.
func only(conf *config.Config, w *app.Why, recipient string) error {
	at := slices.IndexFunc(w.Recipients, func(f app.Fate) bool { return f.Recipient == recipient })
	if at < 0 {
		w.Recipients = nil
		_, err := recipientNamed(conf, recipient)
		return err
	}
	w.Recipients = w.Recipients[at : at+1]
	return nil
}

func showWhy(out io.Writer, w *app.Why, another bool) error {
	var s whyText
	if another {
		s.line("")
	}
	s.event(w)
	for i := range w.Recipients {
		s.line("")
		s.recipient(&w.Recipients[i])
	}
	if len(w.Recipients) == 0 {
		s.line("")
		s.line("no recipient knows of it")
	}
	for _, n := range w.Notes {
		s.line("note: %s", printable(n))
	}
	_, err := io.WriteString(out, s.b.String())
	return err
}
