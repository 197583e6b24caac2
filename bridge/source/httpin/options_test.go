package httpin

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailpost/tailpost/bridge/option"
)

func isError(p option.Problem) bool { return !p.Warning }

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pw"), []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		change func(*Options)
		want   []string
	}{
		{"the least", func(*Options) {}, nil},
		{"all of it", func(o *Options) {
			o.Path, o.Allow, o.Username, o.PasswordFile = "/a/b", option.List{"192.0.2.0/24", "2001:db8::1", "127.0.0.1"}, "u", "pw"
		}, nil},
		{"no address", func(o *Options) { o.Listen = "" }, []string{`listen: is missing; use one like "127.0.0.1:9181"`}},
		{"no port", func(o *Options) { o.Listen = "localhost" }, []string{`listen: "localhost" is no host:port; use one like "127.0.0.1:9181"`}},
		{"a port that is none", func(o *Options) { o.Listen = "localhost:http" }, []string{`listen: "http" is no port; use one like "127.0.0.1:9181"`}},
		{"a port too high", func(o *Options) { o.Listen = "localhost:65536" }, []string{`listen: "65536" is no port; use one like "127.0.0.1:9181"`}},
		{"open to all", func(o *Options) { o.Listen = ":9181" }, []string{`listen: whoever can reach this address can send events; set allow, or username and password_file`}},
		{"open to some", func(o *Options) { o.Listen, o.Allow = ":9181", option.List{"192.0.2.7"} }, nil},
		{"a password over the network", func(o *Options) { o.Listen, o.Username, o.PasswordFile = "192.0.2.1:9181", "u", "pw" }, []string{
			`username: the password crosses the network unencrypted; listen on loopback behind a proxy that ends TLS, or be sure of the network`}},
		{"a path that is none", func(o *Options) { o.Path = "events" }, []string{`path: "events" is no path of a URL; use one like "/events"`}},
		{"a path with a query", func(o *Options) { o.Path = "/?a=b" }, []string{`path: "/?a=b" is no path of a URL; use one like "/events"`}},
		{"networks that are none", func(o *Options) {
			o.Allow = option.List{"127.0.0.1", "example.com", "10.0.0.0/33", "::ffff:10.0.0.0/104"}
		}, []string{
			`allow: "example.com" is neither an address nor a network; use one like "192.0.2.7" or "192.0.2.0/24"`,
			`allow: "10.0.0.0/33" is neither an address nor a network; use one like "192.0.2.7" or "192.0.2.0/24"`,
			`allow: "::ffff:10.0.0.0/104" is neither an address nor a network; use one like "192.0.2.7" or "192.0.2.0/24"`}},
		{"too long", func(o *Options) { o.MaxLine = 65 << 20 }, []string{`max_line: 65MiB is out of range; use 1KiB to 64MiB`}},
		{"a user without a password", func(o *Options) { o.Username = "u" }, []string{`username: has no password; set password_file`}},
		{"a password without a user", func(o *Options) { o.PasswordFile = "pw" }, []string{`password: has no user; set username`}},
		{"a user with a colon", func(o *Options) { o.Username, o.PasswordFile = "a:b", "pw" }, []string{`username: has a colon in it, which basic authentication can't carry`}},
		{"a password file that is none", func(o *Options) { o.Username, o.PasswordFile = "u", "/nowhere/pw" }, []string{`password_file: open /nowhere/pw: no such file or directory`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := Defaults()
			o.Listen = "127.0.0.1:9181"
			tc.change(&o)
			var got []string
			for _, p := range o.Check(dir) {
				got = append(got, p.String())
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestAllowed(t *testing.T) {
	o := Defaults()
	o.Listen, o.Allow = "127.0.0.1:9181", option.List{"192.0.2.9/24", "2001:db8::/32", "198.51.100.7"}
	if ps := o.Check(""); len(ps) > 0 {
		t.Fatal(ps)
	}
	for _, tc := range []struct {
		peer string
		want bool
	}{
		{"192.0.2.1:5", true}, {"[::ffff:192.0.2.1]:5", true}, {"192.0.3.1:5", false},
		{"[2001:db8::5%eth0]:5", true}, {"[2001:db9::5]:5", false},
		{"198.51.100.7:5", true}, {"198.51.100.8:5", false}, {"", false}, {"@", false},
	} {
		if got := o.allowed(tc.peer); got != tc.want {
			t.Errorf("%q: %v", tc.peer, got)
		}
	}
}
