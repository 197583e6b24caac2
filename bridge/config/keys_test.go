package config_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/config"
)

func TestKeys(t *testing.T) {
	keys := config.Keys()
	for _, want := range []string{
		"state_dir", "include", "log.level", "shutdown.grace", "spool.max_bytes", "admin.listen", "smtp.host", "smtp.password_env",
		"sources.tail.path", "sources.tail.format", "sources.http.allow", "sources.stdin.name",
		"recipients.http.url", "recipients.http.profile", "recipients.http.authorization_file", "recipients.email.address",
		"recipients.file.path", "defaults.http.retry_interval",
	} {
		if !slices.Contains(keys, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if name := regexp.MustCompile(`^[a-z][a-z0-9_]*(\.([a-z][a-z0-9_]*|\*))*$`); !slices.IsSortedFunc(keys, strings.Compare) || slices.ContainsFunc(keys, func(k string) bool { return !name.MatchString(k) }) {
		t.Errorf("not in order, or no key: %q", keys)
	}
}
