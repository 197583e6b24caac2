package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/receiver"
)

// receiveFlags are the flags of receive.
type receiveFlags struct {
	http, smtp string
	fail       int
	failFor    string
	json       bool
}

func newReceive() *cobra.Command {
	var f receiveFlags
	c := &cobra.Command{
		Use:   "receive",
		Short: "Receive events over HTTP and mail, and print them",
		Long: `A receiver for trying things out: takes HTTP requests and mail on loopback and
prints each event with its headers. It keeps nothing. --fail makes it refuse
everything, for good or for a while (mail is then refused for now).`,
		Example: "  tailpost receive --fail 503 --for 10s",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := f.options(c.OutOrStdout())
			if err != nil {
				return usage(err)
			}
			r, err := receiver.New(o)
			if errors.Is(err, syscall.EADDRINUSE) {
				err = fmt.Errorf("%w: another receiver perhaps; --http and --smtp choose other ports", err)
			}
			if err != nil {
				return failed(err)
			}
			if a := r.HTTPAddr(); a != "" {
				fmt.Fprintf(c.ErrOrStderr(), "receiving on http://%s/\n", a)
			}
			if a := r.SMTPAddr(); a != "" {
				fmt.Fprintf(c.ErrOrStderr(), "receiving on smtp://%s\n", a)
			}
			if err := r.Run(c.Context()); err != nil {
				return failed(err)
			}
			return nil
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.http, "http", "127.0.0.1:8025", `address for HTTP, on loopback; "" for none`)
	fl.StringVar(&f.smtp, "smtp", "127.0.0.1:2525", `address for mail, on loopback; "" for none`)
	fl.IntVar(&f.fail, "fail", 0, "answer with this HTTP status, such as 503")
	fl.StringVar(&f.failFor, "for", "", `how long --fail lasts, such as "10s" (default for good)`)
	fl.BoolVar(&f.json, "json", false, "print a JSON object a line")
	return c
}

func (f *receiveFlags) options(out io.Writer) (receiver.Options, error) {
	o := receiver.Options{HTTPAddr: f.http, SMTPAddr: f.smtp, Fail: f.fail}
	if f.http == "" && f.smtp == "" {
		return o, errors.New("--http and --smtp are both empty: nothing would be received")
	}
	for name, addr := range map[string]string{"--http": f.http, "--smtp": f.smtp} {
		if err := onLoopback(addr); err != nil {
			return o, fmt.Errorf("%s: %w", name, err)
		}
	}
	if f.fail != 0 && (f.fail < 200 || f.fail > 599) {
		return o, fmt.Errorf("--fail: %d is no HTTP status; use one from 200 to 599", f.fail)
	}
	if f.failFor != "" {
		if f.fail == 0 {
			return o, errors.New("--for needs --fail")
		}
		d, err := option.ParseDuration(f.failFor)
		if err != nil {
			return o, fmt.Errorf("--for: %w", err)
		}
		o.FailFor = d.D()
	}
	file, isFile := out.(*os.File)
	color := isFile && isTerminal(file) && os.Getenv("NO_COLOR") == ""
	o.OnEvent = func(r receiver.Received) {
		// Nobody reads on: that is no reason to answer otherwise.
		if f.json {
			_ = receiver.PrintJSON(out, r)
			return
		}
		_ = receiver.Print(out, r, color)
	}
	return o, nil
}

func onLoopback(addr string) error {
	if addr == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is no address; use one like 127.0.0.1:8025", addr)
	}
	if !option.IsLoopback(host) {
		return fmt.Errorf("%q is not on loopback; use 127.0.0.1 or [::1]", addr)
	}
	return nil
}

// shortTime is how times of day are shown to people.
func shortTime(t time.Time) string { return t.Format("15:04:05.000") }
