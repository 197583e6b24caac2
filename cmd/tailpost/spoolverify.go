package main

import (
	"fmt"
	"io"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/spool"
)

func newSpoolVerify() *cobra.Command {
	var l looking
	c := &cobra.Command{
		Use:   "verify",
		Short: "Check every byte of the spool",
		Long: `Goes over all files of the spool, with the bridge running or not, checks every
checksum, and prints what is not as it should be. It fails if there is damage
that is not set aside yet; spool repair does that.`,
		Example: "  tailpost spool verify --config tailpost.toml",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			stateDir, err := whereabouts(l.config, c)
			if err != nil {
				return err
			}
			p := findingPrinter{out: c.OutOrStdout(), json: l.json}
			v, err := spool.Verify(stateDir, p.print)
			if err != nil {
				return failed(err)
			}
			if l.json {
				err = printJSON(c.OutOrStdout(), verifiedJSON(v), "")
			} else {
				_, err = fmt.Fprintf(c.OutOrStdout(), "%s, %s, %d bytes: %s damaged\n", numbered(v.Files, "file", "files"),
					numbered(v.Frames, "record", "records"), v.Bytes, numbered(v.Damaged, "place is", "places are"))
			}
			if err != nil {
				return failed(err)
			}
			if v.Damaged > 0 {
				return failed(nil)
			}
			return nil
		},
	}
	l.flags(c)
	return c
}

func newSpoolRepair() *cobra.Command {
	var l looking
	c := &cobra.Command{
		Use:   "repair",
		Short: "Set aside what is damaged in the spool",
		Long: `Copies what spool verify finds to damaged/ in the state directory. Nothing else
is changed, and nothing destroyed: what can be read beside a damaged place still
can, and what is lost stays counted. The bridge must be stopped: a state
directory that it uses is refused.`,
		Example: "  tailpost spool repair --config tailpost.toml",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			conf, err := stateDir(l.config, c)
			if err != nil {
				return err
			}
			log := newLog(conf.Log, c.ErrOrStderr()).Level(zerolog.WarnLevel)
			found, err := app.Repair(c.Context(), conf, app.Options{Log: log})
			p := findingPrinter{out: c.OutOrStdout(), json: l.json}
			for _, f := range found {
				if err := p.print(f); err != nil {
					return failed(err)
				}
			}
			if err != nil {
				return failed(err)
			}
			if !l.json {
				fmt.Fprintf(c.OutOrStdout(), "%s set aside\n", numbered(len(found), "place was", "places were"))
			}
			return nil
		},
	}
	l.flags(c)
	return c
}

// findingJSON and verifiedJSON are findings and their sum as --json gives them.
type findingJSON struct {
	File   string `json:"file"`
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	What   string `json:"what"`
	Damage bool   `json:"damage"`
}

type verifiedJSON struct {
	Files   int   `json:"files"`
	Frames  int   `json:"records"`
	Bytes   int64 `json:"bytes"`
	Damaged int   `json:"damaged"`
}

type findingPrinter struct {
	out  io.Writer
	json bool
}

func (p findingPrinter) print(f spool.Finding) error {
	if p.json {
		return printJSON(p.out, findingJSON(f), "")
	}
	text := fmt.Sprintf("%s: %s", f.File, f.What)
	if f.To > f.From {
		text = fmt.Sprintf("%s, bytes %d to %d: %s", f.File, f.From, f.To, f.What)
	}
	_, err := fmt.Fprintln(p.out, printable(text))
	return err
}
