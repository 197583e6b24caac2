package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/option"
)

// testFlags are the flags of test.
type testFlags struct {
	config, event, eventFile, key string
	dryRun, json                  bool
}

func newTest() *cobra.Command {
	var f testFlags
	c := &cobra.Command{
		Use:   "test NAME",
		Short: "Send a sample event to one recipient",
		Long: `Sends one sample event to the recipient NAME as it is configured, now and once,
and says what happened: the address, TLS and its certificate, the answer, the
time. The spool is not used, a bridge that runs doesn't notice, and the
recipient's filter is not asked.

The sample is marked: its id and its session (lsid) begin with 0000000000007e57,
names in it are "Tailpost test", its external key is TAILPOST-TEST unless
--external-key says otherwise, and extra.test is true.`,
		Example: `  tailpost test --config tailpost.toml servicenow --event support_conference_end
  tailpost test --config tailpost.toml helpdesk --dry-run`,
		Args: oneArg("recipient"),
		RunE: func(c *cobra.Command, args []string) error {
			conf, err := loadConfig(f.config, c.ErrOrStderr())
			if err != nil {
				return err
			}
			return f.run(c, conf, args[0])
		},
	}
	addConfigFlag(c, &f.config)
	fl := c.Flags()
	fl.StringVar(&f.event, "event", "", "name of the event (default the first that the recipient asks for)")
	fl.StringVar(&f.eventFile, "event-file", "", `file with the event as canonical JSON ("-": standard input)`)
	fl.StringVar(&f.key, "external-key", app.SampleKey, "external key of the sample")
	fl.BoolVar(&f.dryRun, "dry-run", false, "print what would be sent, and send nothing")
	fl.BoolVar(&f.json, "json", false, "print JSON")
	c.MarkFlagsMutuallyExclusive("event", "event-file")
	c.MarkFlagsMutuallyExclusive("external-key", "event-file")
	c.MarkFlagsMutuallyExclusive("dry-run", "json")
	return c
}

func (f *testFlags) run(c *cobra.Command, conf *config.Config, name string) error {
	item, err := recipientNamed(conf, name)
	if err != nil {
		return usage(err)
	}
	e, err := f.sample(conf, name, c.InOrStdin())
	if err != nil {
		return usage(err)
	}
	if item.Kind == "file" && !f.dryRun {
		if err := app.MayWrite(conf); err != nil {
			return failed(err)
		}
	}
	p, err := app.OpenProbe(item, app.Options{Log: zerolog.Nop(), Stdout: c.OutOrStdout(), Version: versionText()})
	if err != nil {
		return failed(err)
	}
	if f.dryRun {
		err = preview(c.OutOrStdout(), p, e)
	} else {
		err = f.send(c.Context(), c.OutOrStdout(), conf, p, e)
	}
	if cerr := p.Close(); cerr != nil && err == nil {
		return failed(cerr)
	}
	return err
}

func recipientNamed(conf *config.Config, name string) (config.Item, error) {
	var known []string
	for _, r := range conf.Recipients() {
		if r.Name == name {
			return r, nil
		}
		known = append(known, r.Name)
	}
	hint := "its recipients are: " + strings.Join(known, ", ")
	if near := option.Nearest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return config.Item{}, fmt.Errorf("%s has no recipient %q; %s", conf.Path, name, hint)
}

// sampleMax bounds a file with an event, in bytes.
const sampleMax = 1 << 20

func (f *testFlags) sample(conf *config.Config, name string, in io.Reader) (bridge.Event, error) {
	if f.eventFile == "" {
		event := f.event
		if event == "" {
			event = app.SampleName(conf, name)
		}
		if strings.HasPrefix(event, bridge.SessionPrefix) && !bridge.IsSessionEvent(event) {
			return bridge.Event{}, fmt.Errorf("%q is no session event; use one of %s", event, strings.Join(bridge.SessionEvents(), ", "))
		}
		e := app.Sample(conf, event)
		e.ExternalKey = f.key
		return e, nil
	}
	if f.eventFile != "-" {
		opened, err := os.Open(f.eventFile)
		if err != nil {
			return bridge.Event{}, err
		}
		defer opened.Close()
		in = opened
	}
	b, err := io.ReadAll(io.LimitReader(in, sampleMax+1))
	if err != nil {
		return bridge.Event{}, err
	}
	if len(b) > sampleMax {
		return bridge.Event{}, errors.New("--event-file: longer than 1 MiB")
	}
	e, err := app.ReadSample(b)
	if err != nil {
		return e, fmt.Errorf("--event-file: %w", err)
	}
	return e, nil
}

// preview prints what would be sent. Line ends stay, all else that a terminal
// could act on is escaped.
func preview(out io.Writer, p *app.Probe, e bridge.Event) error {
	b, err := p.Preview(e)
	if err != nil {
		return failed(err)
	}
	for line := range strings.SplitAfterSeq(string(b), "\n") {
		text := strings.TrimRight(line, "\r\n")
		if _, err := io.WriteString(out, printable(text)+line[len(text):]); err != nil {
			return failed(err)
		}
	}
	if n := len(b); n > 0 && b[n-1] != '\n' {
		fmt.Fprintln(out)
	}
	return nil
}
