package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tailpost/tailpost/cmd/tailpost/manpage"
)

// newMan is for those who make packages, and hidden from others.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages into a directory",
		Long: `Writes a manual page for each command into DIR/man1, and one for the
configuration into DIR/man5; it makes both. Their date is that of
SOURCE_DATE_EPOCH, seconds since 1970; without it they have none.`,
		Example: "  tailpost man /usr/local/share/man",
		Hidden:  true,
		Args:    oneArg("DIR"),
		RunE: func(c *cobra.Command, args []string) error {
			date, err := sourceDate()
			if err != nil {
				return usage(err)
			}
			if err := writeManual(args[0], c.Root(), aboutPages(date)); err != nil {
				return failed(err)
			}
			return nil
		},
	}
}

func writeManual(dir string, root *cobra.Command, about manpage.About) error {
	commands, files := filepath.Join(dir, "man1"), filepath.Join(dir, "man5")
	for _, d := range []string{commands, files} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("make a directory for manual pages: %w", err)
		}
	}
	if err := manpage.WriteTree(commands, root, about); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(files, "tailpost.toml.5"), configPage(about), 0o644); err != nil {
		return fmt.Errorf("write a manual page: %w", err)
	}
	return nil
}

// sourceDate is the date of what a build makes, as reproducible builds give
// it; without one the zero time.
func sourceDate() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w; use seconds since 1970", err)
	}
	return time.Unix(seconds, 0), nil
}

func aboutPages(date time.Time) manpage.About {
	return manpage.About{
		Version: versionText(),
		Date:    date,
		Ends: []manpage.Term{
			{Word: strconv.Itoa(exitClean), Text: "Clean."},
			{Word: strconv.Itoa(exitFailed), Text: "The work failed."},
			{Word: strconv.Itoa(exitUsage), Text: "Wrong arguments or configuration."},
		},
		Around: []manpage.Term{{Word: "TAILPOST_CONFIG", Text: "The configuration file, where --config names none."}},
		Files:  []manpage.Term{{Word: defaultConfig, Text: "The configuration file, where neither does."}},
		See:    []string{"tailpost.toml(5)"},
	}
}
