package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/source/stdin"
	"github.com/tailpost/tailpost/parsers"
)

// parseFlags are the flags of parse.
type parseFlags struct {
	format, timezone, applianceID string
	config, source                string
	at                            string
	raw                           bool
}

func newParse() *cobra.Command {
	var f parseFlags
	c := &cobra.Command{
		Use:   "parse FILE",
		Short: "Show what a log's lines become",
		Long: `Reads FILE ("-": standard input) as a source would, and prints each event as
canonical JSON, a line each. What became of the lines is summed up on standard
error, with the reason for each line that would go to quarantine; then the exit
code is 1. Nothing is kept or sent. The ids are those that a source of the same
name would give (--source).`,
		Example: `  tailpost parse --format bg session.log
  tailpost parse --config /etc/tailpost/tailpost.toml --source appliance session.log`,
		Args: oneArg("FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			return parse(c.Context(), f, args[0], c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.format, "format", "", "format of the lines: "+strings.Join(parsers.Formats(), ", "))
	fl.StringVar(&f.timezone, "timezone", "", `time zone of times without one: an IANA name or "Local" (default UTC)`)
	fl.StringVar(&f.applianceID, "appliance-id", "", "appliance_id of events whose lines name none")
	fl.StringVar(&f.config, "config", "", "configuration file that has the source's settings")
	fl.StringVar(&f.source, "source", "", "name of the source, in the configuration or for the ids")
	fl.StringVar(&f.at, "at", "", `the time of reading, RFC 3339 or Unix seconds (default now)`)
	fl.BoolVar(&f.raw, "raw", false, "print raw events, too")
	c.MarkFlagsMutuallyExclusive("format", "config")
	return c
}

func parse(ctx context.Context, f parseFlags, file string, in io.Reader, out, errOut io.Writer) error {
	o, maxLine, err := f.options(errOut)
	if err != nil {
		return err
	}
	at, err := parseTime(f.at)
	if err != nil {
		return usage(fmt.Errorf("--at: %w", err))
	}
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return usage(err)
		}
		defer opened.Close()
		in = opened
	}

	lines := stdin.Defaults()
	lines.Name, lines.In = f.source, in
	if maxLine != nil {
		lines.MaxLine = *maxLine
	}
	buffered := bufio.NewWriter(out)
	show := &printer{out: buffered, errOut: errOut}
	i := ingest.New(ingest.Config{
		Name: f.source, Options: o, Store: show,
		Source:    &fileSource{Source: stdin.New(lines), at: at},
		NewParser: app.ParserFor(o),
		Wanted:    func(string) bool { return f.raw },
		Final:     true,
	})
	if err := i.Run(ctx); err != nil {
		return failed(err)
	}
	if err := buffered.Flush(); err != nil {
		return failed(err)
	}
	t := i.Totals()
	fmt.Fprintf(errOut, "%d lines: %d parsed, %d ignored, %d open, %d quarantined; %d events\n",
		t.Read, t.Parsed, t.Ignored, t.Open, t.Quarantined, t.Events)
	if t.Quarantined > 0 {
		return failed(nil)
	}
	if err := ctx.Err(); err != nil {
		return failed(err)
	}
	return nil
}

// options are the source's settings, from the flags or the configuration.
func (f *parseFlags) options(errOut io.Writer) (ingest.Options, *sizeOption, error) {
	o := ingest.Options{Format: f.format}
	var maxLine *sizeOption
	switch {
	case f.config != "":
		if f.source == "" {
			return o, nil, usage(errors.New("--config needs --source: which of its sources is it?"))
		}
		c, err := lookConfig(f.config, errOut)
		if err != nil {
			return o, nil, err
		}
		if o, maxLine, err = sourceSettings(c, f.source); err != nil {
			return o, nil, err
		}
	case f.format == "":
		return o, nil, usage(fmt.Errorf("--format is missing: use one of %s", strings.Join(parsers.Formats(), ", ")))
	}
	o.Timezone = cmp.Or(f.timezone, o.Timezone)
	o.ApplianceID = cmp.Or(f.applianceID, o.ApplianceID)
	for _, p := range o.Check("") {
		if !p.Warning {
			return o, nil, usage(errors.New("--" + p.String()))
		}
	}
	if _, err := app.ParserFor(o)(o.Format); err != nil {
		return o, nil, usage(err)
	}
	return o, maxLine, nil
}

func sourceSettings(c *config.Config, name string) (ingest.Options, *sizeOption, error) {
	var known []string
	for _, s := range c.Tails {
		if s.Name == name {
			return s.Ingest, &s.Tail.MaxLine, nil
		}
		known = append(known, s.Name)
	}
	for _, s := range c.Drops {
		if s.Name == name {
			return s.Ingest, &s.Drop.MaxLine, nil
		}
		known = append(known, s.Name)
	}
	for _, s := range c.HTTPIns {
		if s.Name == name {
			return s.Ingest, &s.HTTP.MaxLine, nil
		}
		known = append(known, s.Name)
	}
	for _, s := range c.Stdins {
		if s.Name == name {
			return s.Ingest, &s.Stdin.MaxLine, nil
		}
		known = append(known, s.Name)
	}
	return ingest.Options{}, nil, usage(fmt.Errorf("%s has no source %q; its sources are: %s", c.Path, name, strings.Join(known, ", ")))
}

// parseTime reads RFC 3339 or Unix seconds; the zero time stands for now.
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	var unix int64
	if n, err := fmt.Sscanf(s, "%d", &unix); err == nil && n == 1 && fmt.Sprint(unix) == s {
		return time.Unix(unix, 0), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time; use one like 2024-12-03T15:26:05Z, or Unix seconds", s)
	}
	return t, nil
}

// fileSource reads a file once, and gives its records what a tail source
// would: the file's head in the ids.
type fileSource struct {
	bridge.Source
	at time.Time
}

func (s *fileSource) Run(ctx context.Context, _ []bridge.Position, emit bridge.Emit) error {
	var head []byte
	known := false
	return s.Source.Run(ctx, nil, func(ctx context.Context, b bridge.Batch) error {
		for i := range b.Records {
			r := &b.Records[i]
			if !known {
				head, known = append([]byte(nil), r.Line[:min(len(r.Line), bridge.HeadMax)]...), true
			}
			r.Head, r.Once = head, false
			if !s.at.IsZero() {
				r.Time = s.at
			}
		}
		return emit(ctx, b)
	})
}

// printer is an ingest.Store that prints.
type printer struct {
	out, errOut io.Writer
}

func (*printer) State(string) []bridge.Entry { return nil }

func (p *printer) Append(_ context.Context, _ string, y ingest.Yield) error {
	for _, e := range y.Events {
		h, err := bridge.ParseHead(e)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(p.out, "%s\n", h.JSON); err != nil {
			return err
		}
	}
	for _, q := range y.Quarantined {
		l, err := ingest.DecodeLine(q)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.errOut, "quarantined: offset %d: %s: %s\n", l.Offset, printable(l.Reason), printable(excerpt(l.Line)))
	}
	return nil
}

func excerpt(line []byte) string {
	const most = 120
	if len(line) > most {
		return string(line[:most]) + "…"
	}
	return string(line)
}
