package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/dispatch"
)

func newDeadShow() *cobra.Command {
	var l looking
	c := &cobra.Command{
		Use:   "show ID...",
		Short: "Show dead letters whole",
		Long: `Shows all there is to know of dead letters, with the bridge running or not: what
dead ls says, and the event itself. An event that several recipients never took
is shown once for each.`,
		Example: "  tailpost dead show --config tailpost.toml 0b5c1f6e0a7d4c0f9e1c2d3b4a596877",
		Args:    someArgs("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			var f letterFlags
			return look(c, &l, f.choice, args, showDead)
		},
	}
	l.flags(c)
	return c
}

// wholeLetter is a letter with its event.
type wholeLetter struct {
	dispatch.Letter
	Payload json.RawMessage `json:"payload"`
}

func showDead(out io.Writer, stateDir string, which admin.Letters, asJSON bool) error {
	found := map[bridge.ID]bool{}
	err := app.Letters(stateDir, which, func(l dispatch.Letter) error {
		head, err := bridge.ParseHead(l.Data)
		if err != nil {
			return fmt.Errorf("dead letter %s: %w", l.ID, err)
		}
		first := len(found) == 0
		found[l.ID] = true
		if asJSON {
			return printJSON(out, wholeLetter{l, json.RawMessage(head.JSON)}, "")
		}
		if !first {
			fmt.Fprintln(out)
		}
		return showLetter(out, l, head.JSON)
	})
	if err != nil {
		return err
	}
	for _, id := range which.IDs {
		if !found[id] {
			return fmt.Errorf("no dead letter has the id %s", id)
		}
	}
	return nil
}

func showLetter(out io.Writer, l dispatch.Letter, event json.RawMessage) error {
	_, err := fmt.Fprintf(out, `id         %s
recipient  %s
event      %s
session    %s
since      %s
died       %s
attempts   %d
reason     %s
`, l.ID, printable(l.Recipient), printable(l.Event), printable(l.Session), l.Since.UTC().Format(time.RFC3339),
		l.Died.UTC().Format(time.RFC3339), l.Attempts, printable(l.Reason))
	if err != nil {
		return err
	}
	return printJSON(out, event, "  ")
}
