package tail

import (
	"slices"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		name     string
		o        Options
		wantPath string
		want     []string
	}{
		{name: "fine", o: Options{Path: "/var/log/a", Start: "end", MaxLine: 1 << 20}, wantPath: "/var/log/a"},
		{name: "relative", o: Options{Path: "log/a", Start: "beginning", MaxLine: 1 << 10}, wantPath: "/etc/tailpost/log/a"},
		{name: "glob", o: Options{Path: "log/*.log", Start: "end", MaxLine: 64 << 20}, wantPath: "/etc/tailpost/log/*.log"},
		{name: "bad glob", o: Options{Path: "/var/log/[a.log", Start: "end", MaxLine: 64 << 20}, wantPath: "/var/log/[a.log",
			want: []string{`path: "/var/log/[a.log" is no valid glob; * and ? stand for any characters but /, [abc] for one of them; ** is not known`}},
		{name: "all wrong", o: Options{Start: "begining", MaxLine: 1}, want: []string{
			"path: is missing; name the log file to follow",
			`start: "begining" is neither "end" nor "beginning"; did you mean "beginning"?`,
			"max_line: 1B is out of range; use 1KiB to 64MiB",
		}},
		{name: "directory", o: Options{Path: "/var/log/", Start: "now", MaxLine: 65 << 20}, wantPath: "/var/log/", want: []string{
			`path: "/var/log/" is a directory; name the log file to follow`,
			`start: "now" is neither "end" nor "beginning"; "end" skips what stands in the file at the very first start, "beginning" reads it`,
			"max_line: 65MiB is out of range; use 1KiB to 64MiB",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, p := range tc.o.Check("/etc/tailpost") {
				got = append(got, p.String())
			}
			if !slices.Equal(got, tc.want) || tc.o.Path != tc.wantPath {
				t.Errorf("path %q, problems %q", tc.o.Path, got)
			}
		})
	}
	o := Defaults()
	o.Path = "a"
	if ps := o.Check("/etc"); len(ps) > 0 {
		t.Errorf("the defaults: %v", ps)
	}
}
