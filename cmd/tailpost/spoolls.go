package main

import (
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/spool"
)

func newSpoolLs() *cobra.Command {
	var l looking
	c := &cobra.Command{
		Use:   "ls",
		Short: "List the spool's segments",
		Long: `Lists the segments of the spool, the oldest first, with the bridge running or
not: the file, how many events it has, its size, up to where it counts, when it
was last written, and a recipient that still wants an event in it.`,
		Example: "  tailpost spool ls --config tailpost.toml",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			stateDir, err := whereabouts(l.config, c)
			if err != nil {
				return err
			}
			if err := listSegments(c.OutOrStdout(), stateDir, l.json); err != nil {
				return failed(err)
			}
			return nil
		},
	}
	l.flags(c)
	return c
}

// segmentJSON is a segment as --json gives it.
type segmentJSON struct {
	File    string    `json:"file"`
	Events  uint64    `json:"events"`
	Bytes   int64     `json:"bytes"`
	Durable int64     `json:"durable"`
	Created time.Time `json:"created"`
	Changed time.Time `json:"changed"`
	Wanted  string    `json:"wanted,omitempty"`
}

func listSegments(out io.Writer, stateDir string, asJSON bool) error {
	v, err := spool.Look(stateDir)
	if err != nil {
		return err
	}
	t := newTable(out, "SEGMENT", "EVENTS", "BYTES", "COUNTS TO", "CHANGED", "WANTED BY")
	for i := range v.Segments {
		s := &v.Segments[i]
		if asJSON {
			err = printJSON(out, segmentJSON{s.File, s.Events(), s.Bytes, s.Durable, s.Created.UTC(), s.Changed.UTC(), s.Wanted}, "")
		} else {
			err = t.row(s.File, strconv.FormatUint(s.Events(), 10), strconv.FormatInt(s.Bytes, 10), strconv.FormatInt(s.Durable, 10),
				s.Changed.UTC().Format(time.RFC3339), s.Wanted)
		}
		if err != nil {
			return err
		}
	}
	if asJSON {
		return nil
	}
	return t.flush()
}
