package socket

import (
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/option"
)

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{name: "defaults"},
		{name: "all", change: func(o *Options) {
			o.Kind, o.Mode, o.Group, o.AllowUID, o.Ack, o.MaxLine = "stream", "0o600", "0", option.List{"0", "1000"}, true, 64<<20
		}},
		{name: "no path", change: func(o *Options) { o.Path = "" }, want: "path: is missing; name the socket, such as /run/tailpost/events.sock"},
		{name: "long path", change: func(o *Options) { o.Path = strings.Repeat("x", 99) }, want: `path: "/etc/` + strings.Repeat("x", 99) + `" is too long for a socket; use 103 bytes at most`},
		{name: "kind", change: func(o *Options) { o.Kind = "datagramm" }, want: `kind: "datagramm" is neither "stream" nor "datagram"; did you mean "datagram"?`},
		{name: "no kind at all", change: func(o *Options) { o.Kind = "tcp" }, want: `kind: "tcp" is neither "stream" nor "datagram"; a stream slows its senders down, and can acknowledge`},
		{name: "mode", change: func(o *Options) { o.Mode = "rw" }, want: `mode: "rw" is no mode; use octal digits such as "0660"`},
		{name: "mode with more than access", change: func(o *Options) { o.Mode = "4660" }, want: `mode: "4660" is no mode; use octal digits such as "0660"`},
		{name: "group", change: func(o *Options) { o.Group = "no such group" }, want: `group: there is no group "no such group" on this machine; create it, or use its number`},
		{name: "users", change: func(o *Options) { o.AllowUID = option.List{"0", "root", "4294967295", "-1"} },
			want: `allow_uid: "root" is no user id; use 0 allow_uid: "4294967295" is no user id; use the user's number allow_uid: "-1" is no user id; use the user's number`},
		{name: "acknowledged datagrams", change: func(o *Options) { o.Kind, o.Ack = "datagram", true }, want: `ack: datagrams can't be acknowledged; use kind = "stream"`},
		{name: "small lines", change: func(o *Options) { o.MaxLine = 1023 }, want: "max_line: 1023B is out of range; use 1KiB to 64MiB"},
		{name: "large lines", change: func(o *Options) { o.MaxLine = 64<<20 + 1 }, want: "max_line: 67108865B is out of range; use 1KiB to 64MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := Defaults()
			o.Path = "s.sock"
			if tc.change != nil {
				tc.change(&o)
			}
			var got []string
			for _, p := range o.Check("/etc") {
				got = append(got, p.String())
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("got  %s\nwant %s", s, tc.want)
			}
			if tc.want == "" && o.Path != "/etc/s.sock" {
				t.Errorf("path %s", o.Path)
			}
		})
	}
}
