package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// editor writes configurations.
type editor struct {
	s     *site
	h     *hall
	rng   *rand.Rand
	gen   int      // of the last one; recipients send it
	guest []*guest // configured now, but for those whose here is false
	ever  []string // all names that were ever in force
	valid bool     // the last edit was
	more  bool     // a second source is there
	count map[string]int

	included string // what the included file holds
	mark     int    // in the log, behind what was looked at
}

// guest is a recipient.
type guest struct {
	name     string
	order    string
	inFlight int
	included bool // it stands in the included file
	gen      int
	here     bool
	enabled  bool
	paused   bool
}

func newEditor(s *site, h *hall, rng *rand.Rand) *editor {
	e := &editor{s: s, h: h, rng: rng, count: map[string]int{}}
	for _, name := range []string{"failing", "always", "a", "b", "c", "d"} {
		e.guest = append(e.guest, &guest{name: name, order: "session", inFlight: 4, here: true, enabled: true})
		e.ever = append(e.ever, name)
	}
	return e
}

// text gives the main file; the included one is written.
func (e *editor) text() string {
	var main, included strings.Builder
	for _, g := range e.guest {
		if !g.here {
			continue
		}
		to := &main
		if g.included {
			to = &included
		}
		fmt.Fprintf(to, "[[recipients.http]]\nname = %q\nurl = \"%s/%s\"\norder = %q\nmax_in_flight = %d\nretry_interval = \"150ms\"\nheaders = { X-Gen = \"%d\" }\nenabled = %v\npaused = %v\n",
			g.name, e.h.URL, g.name, g.order, g.inFlight, g.gen, g.enabled, g.paused)
	}
	if e.more {
		main.WriteString("[[sources.drop]]\nname = \"more\"\ndir = \"drop\"\nformat = \"json\"\nappliance_id = \"a\"\n")
	}
	if text := included.String(); text != e.included {
		e.included = text
		e.s.write(filepath.Join(e.s.dir, "more.conf"), text)
	}
	return fmt.Sprintf(`state_dir = "state"
admin.listen = ""
include   = ["*.conf"]
[log]
format = "json"
[[sources.tail]]
name         = "log"
path         = "session.log"
format       = "json"
max_line     = "%dKiB"
start        = "beginning"
appliance_id = "support.example.com"
%s`, 16+e.gen%2, main.String())
}

// current are the names of the recipients that send this generation, and can.
func (e *editor) current() (out []string) {
	for _, g := range e.guest {
		if g.here && g.enabled && !g.paused && g.name != "failing" && g.gen == e.gen {
			out = append(out, g.name)
		}
	}
	return out
}

// save writes the main file, in one of the ways that editors have.
func (e *editor) save(text string) {
	switch e.rng.IntN(3) {
	case 0:
		e.s.write(e.s.config, text)
	case 1:
		e.s.write(e.s.config+".new", text)
		e.must(os.Rename(e.s.config+".new", e.s.config))
	default:
		_ = os.Rename(e.s.config, e.s.config+"~")
		e.s.write(e.s.config, text)
		_ = os.Remove(e.s.config + "~")
	}
}

func (e *editor) must(err error) {
	e.s.t.Helper()
	if err != nil {
		e.s.t.Fatal(err)
	}
}

// edit makes one, and waits until the log says what became of it.
func (e *editor) edit(p *process, signal bool) {
	e.s.t.Helper()
	e.gen++
	spoil := e.rng.IntN(4) == 0 && (signal || e.rng.IntN(3) == 0) // by files a refusal takes its time
	if e.valid = !spoil; spoil {
		text, want := e.spoil(e.text())
		e.apply(p, text, signal, want)
		return
	}
	what := e.change()
	e.count[what]++
	for _, g := range e.guest {
		if g.name != "always" && (g.name == "failing" || e.rng.IntN(2) == 0 || what == "nothing else") {
			g.gen = e.gen
		}
	}
	e.apply(p, e.text(), signal, "")
}

// apply saves a file; want is why it is refused, if it is.
func (e *editor) apply(p *process, text string, signal bool, want string) {
	e.s.t.Helper()
	by, says := `"by":"files"`, "configuration reloaded"
	if signal {
		by = `"by":"signal"`
	}
	if want != "" {
		says = "stays in force"
		e.count["refused"]++
	}
	e.save(text)
	if signal {
		e.must(p.cmd.Process.Signal(syscall.SIGHUP))
	}
	line := ""
	wait(e.s.t, says, func() bool {
		select {
		case err := <-p.exited:
			e.s.t.Fatalf("it ended: %v", err)
		default:
		}
		for rest := p.log.from(e.mark); ; {
			var ok bool
			if line, rest, ok = strings.Cut(rest, "\n"); !ok {
				return false
			}
			e.mark += len(line) + 1
			if strings.Contains(line, by) {
				return true
			}
		}
	})
	if !strings.Contains(line, says) || !strings.Contains(line, want) {
		e.s.t.Fatalf("generation %d: %s, want %q, %q of\n%s", e.gen, line, says, want, text)
	}
}

// spoil makes a file that is refused, and gives a word of why.
func (e *editor) spoil(text string) (spoiled, want string) {
	unique := fmt.Sprint("x", e.gen)
	switch e.rng.IntN(6) {
	case 0:
		return unique + " = 1\n" + unique + " = 2\n" + text, unique
	case 1:
		return unique + " = 1\n" + text, unique
	case 2:
		return strings.Replace(text, "appliance_id", unique+" = 1\nappliance_id", 1), unique
	case 3:
		return strings.Replace(text, `"*.conf"`, `"*.conf", "`+unique+`.toml"`, 1), unique
	case 4:
		name := e.ever[e.rng.IntN(len(e.ever))]
		if i := slices.IndexFunc(e.guest, func(g *guest) bool { return g.name == name }); i >= 0 && e.guest[i].here {
			return text + "[[recipients.file]]\nname = \"" + name + "\"\npath = \"" + unique + "\"\n", "already"
		}
		return text + "[[recipients.file]]\nname = \"" + name + "\"\npath = \"" + unique + "\"\n", "can't change its kind"
	default:
		return text + "[[recipients.http]]\nname = \"" + unique + "\"\nurl = \"http://" + unique + "/%%host%%\"\nauthorization_file = \"" + unique + "\"\n", unique
	}
}

// renamesMost bounds how many recipients there are in the end.
const renamesMost = 6

// change does one thing to the recipients or sources.
func (e *editor) change() string {
	g := e.guest[2+e.rng.IntN(len(e.guest)-2)]
	switch e.rng.IntN(11) {
	case 0, 1:
		if g.here = !g.here; g.here {
			return "added"
		}
		return "removed"
	case 2:
		if len(e.ever) >= 6+renamesMost || !g.here {
			return "nothing else"
		}
		was := *g
		was.here = false
		g.name = fmt.Sprint(g.name, "+")
		if slices.Contains(e.ever, g.name) {
			g.name = was.name
			return "nothing else"
		}
		e.guest, e.ever = append(e.guest, &was), append(e.ever, g.name)
		return "renamed"
	case 3:
		g.order = []string{"session", "strict", "none"}[e.rng.IntN(3)]
		return "changed"
	case 4:
		g.inFlight = 1 + e.rng.IntN(8)
		return "changed"
	case 5:
		g.included = !g.included
		return "moved to another file"
	case 6:
		if g.enabled = !g.enabled; g.enabled {
			return "enabled"
		}
		return "disabled"
	case 7:
		if g.paused = !g.paused; g.paused {
			return "paused"
		}
		return "resumed"
	case 8:
		e.more = !e.more
		return "another source"
	default:
		return "nothing else"
	}
}

// everyone brings all recipients back that there ever were.
func (e *editor) everyone() {
	e.gen++
	for _, g := range e.guest {
		g.here, g.enabled, g.paused, g.gen = true, true, false, e.gen
	}
}

func (e *editor) report(t *testing.T, took time.Duration) {
	var parts []string
	for what, n := range e.count {
		parts = append(parts, fmt.Sprintf("%d %s", n, what))
	}
	slices.Sort(parts)
	t.Logf("%d edits in %v: %s; %d recipients", *reloadEdits, took.Round(time.Millisecond), strings.Join(parts, ", "), len(e.ever))
}
