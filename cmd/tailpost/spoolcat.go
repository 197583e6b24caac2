package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/spool"
)

// catFlags choose events of the spool.
type catFlags struct {
	recipient, event string
	since            since
	after            time.Time

	filter *dispatch.Filter // of the recipient; nil: it is not configured
}

func newSpoolCat() *cobra.Command {
	var path string
	var f catFlags
	c := &cobra.Command{
		Use:   "cat",
		Short: "Print the events in the spool",
		Long: `Prints the events that the spool holds as canonical JSON, a line each, in the
order in which they were accepted, with the bridge running or not: those that
wait, and those that every recipient is done with as long as they are kept
([spool] keep). What is damaged is left out. With --recipient: those that wait
for it, and that it asked for as it is configured now.`,
		Example: "  tailpost spool cat --config tailpost.toml --event support_conference_end | jq .lsid",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if f.after, err = f.since.after(); err != nil {
				return err
			}
			stateDir, err := whereabouts(path, c)
			if err != nil {
				return err
			}
			if f.filter, err = f.asked(path, c); err != nil {
				return err
			}
			out := bufio.NewWriter(c.OutOrStdout())
			if err := catEvents(c.Context(), out, stateDir, f); err != nil {
				return failed(err)
			}
			if err := out.Flush(); err != nil {
				return failed(err)
			}
			return nil
		},
	}
	addConfigFlag(c, &path)
	c.Flags().StringVar(&f.recipient, "recipient", "", "only events that wait for this recipient")
	c.Flags().StringVar(&f.event, "event", "", "only events of this name")
	f.since.flag(c, `only events whose timestamp lies within this time, such as "24h"`)
	return c
}

// asked gives the filter of the recipient that is chosen, as it is configured.
func (f *catFlags) asked(path string, c *cobra.Command) (*dispatch.Filter, error) {
	if f.recipient == "" {
		return nil, nil
	}
	conf, err := lookConfig(path, c.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	p := conf.Policy(f.recipient)
	if p == nil {
		return nil, nil
	}
	filter, err := p.Filter()
	if err != nil {
		return nil, failed(err)
	}
	return filter, nil
}

func catEvents(ctx context.Context, out io.Writer, stateDir string, f catFlags) error {
	read := spool.ReadEvents
	if f.recipient != "" {
		read = func(dir string, each func(uint64, []byte) error) error {
			return spool.ReadWaiting(dir, f.recipient, each)
		}
	}
	return read(stateDir, func(number uint64, event []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		head, err := bridge.ParseHead(event)
		if err != nil {
			return fmt.Errorf("event %x: %w", number, err)
		}
		if f.event != "" && string(head.Name) != f.event || f.filter != nil && !f.filter.Verdict(head).Asked() {
			return nil
		}
		if !f.after.IsZero() {
			e, err := bridge.DecodeEvent(head.JSON)
			if err != nil {
				return fmt.Errorf("event %x: %w", number, err)
			}
			if e.Timestamp < f.after.Unix() {
				return nil
			}
		}
		_, err = fmt.Fprintln(out, printableJSON(string(head.JSON)))
		return err
	})
}
