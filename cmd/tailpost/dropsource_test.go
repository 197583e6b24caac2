package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDropKill kills the bridge again and again while files are dropped, and
// with each done: every line is in the spool once, and no file is left over.
func TestDropKill(t *testing.T) {
	t.Parallel()
	const kills, files, lines = 4, 60, 40
	for _, done := range []string{"keep", "move", "delete"} {
		t.Run(done, func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			rnd := rand.New(rand.NewPCG(seed, 1))
			dir := t.TempDir()
			in := filepath.Join(dir, "in")
			if err := os.Mkdir(in, 0o700); err != nil {
				t.Fatal(err)
			}
			c := newCounter(t, always(200))
			s := &site{t: t, dir: dir, config: filepath.Join(dir, "tailpost.toml")}
			s.write(s.config, fmt.Sprintf(`state_dir = "state"
admin.listen = ""
[log]
format = "json"
[[sources.drop]]
name         = "drop"
dir          = "in"
match        = "*.jsonl"
format       = "json"
appliance_id = "box"
done         = %q
[[recipients.http]]
name = "r"
url  = "%s/"
`, done, c.URL))
			dropped := 0
			drop := func() {
				dropped++
				var b strings.Builder
				for i := range lines {
					n := (dropped-1)*lines + i + 1
					fmt.Fprintf(&b, "{\"event\":\"support_conference_end\",\"timestamp\":%d,\"lsid\":\"s%d\"}\n", n, n%50)
				}
				name := filepath.Join(in, fmt.Sprintf("%03d.jsonl", dropped))
				s.write(name+".tmp", strings.TrimSuffix(b.String(), "\n"))
				if err := os.Rename(name+".tmp", name); err != nil {
					t.Fatal(err)
				}
			}
			for range kills {
				p := s.run()
				for range files / kills {
					drop()
				}
				more := c.distinct() + 1 + rnd.IntN(files/kills*lines/2)
				wait(t, "some lines to arrive", func() bool { return c.distinct() >= more })
				p.kill()
			}
			p := s.run()
			wait(t, "all lines to arrive", func() bool { return c.distinct() == files*lines })
			wait(t, "the files to be done with", func() bool { return done == "keep" || len(names(t, in)) == 0 })
			p.stop()
			ids := map[string]bool{}
			all := spooledIDs(t, s)
			for _, id := range all {
				ids[id] = true
			}
			if len(all) != files*lines || len(ids) != len(all) {
				t.Errorf("%d events with %d ids in the spool; want %d of both", len(all), len(ids), files*lines)
			}
			checkIDs(t, c.all())
			want := map[string]int{"keep": files, "move": files}[done]
			where := map[string]string{"keep": in, "move": filepath.Join(in, "done"), "delete": in}[done]
			if got := len(names(t, where)); got != want {
				t.Errorf("%d files in %s, want %d", got, where, want)
			}
		})
	}
}

// names gives the files of a directory.
func names(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}
