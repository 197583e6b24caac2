package tail

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// rotations is a program that logs and is rotated, in one cell of the table in
// docs/reliability.md.
type rotations struct {
	r    *rig
	f    *os.File // the program's
	next int      // the line that it writes next
	rest string   // of a line that was begun

	rotated int
	down    bool
	unread  int // lines that nobody has looked at
	gone    int // of them, those that were unlinked
}

func (m *rotations) open() {
	m.r.t.Helper()
	f, err := openAppend(m.r.path)
	if err != nil {
		m.r.t.Fatal(err)
	}
	if m.f != nil {
		m.f.Close()
	}
	m.f = f
}

func (m *rotations) put(text string) {
	m.r.t.Helper()
	if _, err := m.f.WriteString(text); err != nil {
		m.r.t.Fatal(err)
	}
}

func (m *rotations) write(n int) {
	m.put(text(numbered(m.next, m.next+n)...))
	m.next += n
	m.unread += n
}

// begin writes the first half of a line.
func (m *rotations) begin() {
	line := text(numbered(m.next, m.next+1)...)
	m.next++
	m.put(line[:len(line)/2])
	m.rest = line[len(line)/2:]
}

// end writes the other half, wherever the program writes to now.
func (m *rotations) end() {
	m.put(m.rest)
	m.rest = ""
}

// shift renames from.1 to from.2 and so on, with what stands behind it.
func (m *rotations) shift(suffix string) {
	for n := m.rotated; n > 0; n-- {
		from := fmt.Sprintf("app.log.%d%s", n, suffix)
		if _, err := os.Stat(m.r.file(from)); err == nil {
			m.r.rename(from, fmt.Sprintf("app.log.%d%s", n+1, suffix))
		}
	}
}

// kinds are the ways to rotate. Each leaves the program writing to the new
// file.
var kinds = []struct {
	name   string
	rotate func(m *rotations)
}{
	{"rename and create", func(m *rotations) {
		m.shift("")
		m.r.rename("app.log", "app.log.1")
		m.end()
		m.open()
	}},
	{"rename, create later", func(m *rotations) {
		m.shift("")
		m.r.rename("app.log", "app.log.1")
		if !m.down {
			m.pause()
		}
		m.end()
		m.open()
	}},
	{"copytruncate", func(m *rotations) {
		m.shift("")
		m.r.copy("app.log", "app.log.1")
		m.r.truncate("app.log")
		m.end()
	}},
	{"delete and create", func(m *rotations) {
		m.r.remove("app.log")
		m.end()
		m.open()
		if m.down {
			m.gone += m.unread
		}
	}},
	{"symbolic link moved", func(m *rotations) {
		target := fmt.Sprintf("app-2026-01-%02d.log", 2+m.rotated)
		m.r.write(target, "")
		m.r.point(target)
		m.end()
		m.open()
	}},
	{"rename, gzip at once", func(m *rotations) {
		m.shift(".gz")
		m.r.rename("app.log", "app.log.1")
		m.r.gzip("app.log.1", "app.log.1.gz")
		m.end()
		m.open()
	}},
	{"dated names, gzip a day later", func(m *rotations) {
		day := func(n int) string { return fmt.Sprintf("app.log-202601%02d", n) }
		m.r.rename("app.log", day(2+m.rotated))
		m.end()
		m.open()
		if m.rotated > 0 {
			m.r.gzip(day(1+m.rotated), day(1+m.rotated)+".gz")
		}
	}},
	{"three generations at once", func(m *rotations) {
		for range 3 {
			m.shift("")
			m.r.rename("app.log", "app.log.1")
			m.end()
			m.open()
			m.write(7)
			m.rotated++
		}
		m.rotated--
	}},
}

// pause lets the source look while the name is missing.
func (m *rotations) pause() {
	m.r.mu.Unlock()
	defer m.r.mu.Lock()
	m.r.wantStats("it is seen that the name is missing", func(s Stats) bool { return s.Waiting != "" })
}

// moments are when the log is rotated.
var moments = []struct {
	name string
	play func(m *rotations, rotate func(*rotations))
}{
	{"running", func(m *rotations, rotate func(*rotations)) {
		for range 4 {
			m.turn(rotate, false)
			m.read()
		}
	}},
	{"down", func(m *rotations, rotate func(*rotations)) {
		m.halt()
		m.turn(rotate, false)
		m.r.start()
	}},
	{"in mid-line", func(m *rotations, rotate func(*rotations)) {
		for range 2 {
			m.turn(rotate, true)
			m.read()
			m.r.settle() // what is handed out as it is comes after a linger
		}
	}},
	{"twice while down", func(m *rotations, rotate func(*rotations)) {
		m.halt()
		m.turn(rotate, false)
		m.turn(rotate, false)
		m.r.start()
	}},
}

func (m *rotations) halt() {
	m.r.halt()
	m.down = true
}

// read waits until all that was written is read.
func (m *rotations) read() {
	last := numbered(m.next-1, m.next)[0]
	m.r.until("the last line", func() bool { return slices.Contains(m.r.textsLocked(), last) })
	m.unread = 0
}

// turn rotates once, while the source can't go on: it has read some of what
// was written before, or nothing.
func (m *rotations) turn(rotate func(*rotations), midLine bool) {
	m.r.mu.Lock()
	defer m.r.mu.Unlock()
	m.write(25)
	m.write(25)
	if midLine {
		m.begin()
	}
	rotate(m)
	m.rotated++
	m.unread = 0
	m.write(50)
}

// cell is what became of the lines: lost though they stood in some file,
// repeated, and how often a discontinuity was reported.
func (m *rotations) cell() string {
	seen := map[string]int{}
	for _, l := range m.r.texts() {
		seen[l]++
	}
	lost, repeated, parts := 0, 0, 0
	for _, l := range numbered(0, m.next) {
		switch n := seen[l]; {
		case n > 1:
			repeated += n - 1
		case n == 0 && seen[l[:(len(l)+1)/2]] == 1 && seen[l[(len(l)+1)/2:]] == 1:
			parts++
		case n == 0:
			lost++
		}
	}
	m.r.mu.Lock()
	defer m.r.mu.Unlock()
	s := fmt.Sprintf("%d / %d / %d", lost-m.gone, repeated, len(m.r.losses))
	if m.gone > 0 {
		s += " (unlinked unread)"
	}
	if parts > 0 {
		s += " (the line in two parts)"
	}
	return s
}

// TestRotations plays each kind of rotation at each moment. What became of the
// lines must be what docs/reliability.md says.
func TestRotations(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	cells := make(map[string]string)
	t.Run("side by side", func(t *testing.T) { // they mostly wait
		for _, k := range kinds {
			for _, at := range moments {
				t.Run(k.name+"/"+at.name, func(t *testing.T) {
					t.Parallel()
					cell := played(t, k.name, k.rotate, at.play)
					mu.Lock()
					defer mu.Unlock()
					cells[k.name+"/"+at.name] = cell
				})
			}
		}
	})
	if len(cells) < len(kinds)*len(moments) {
		return // -run has left some out, or they have failed
	}
	table := "| rotation |"
	for _, at := range moments {
		table += " " + at.name + " |"
	}
	table += "\n|" + strings.Repeat("---|", len(moments)+1) + "\n"
	for _, k := range kinds {
		table += "| " + k.name + " |"
		for _, at := range moments {
			table += " " + cells[k.name+"/"+at.name] + " |"
		}
		table += "\n"
	}
	doc, err := os.ReadFile("../../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), "\n"+table+"\n") {
		t.Errorf("docs/reliability.md has another table than\n%s", table)
	}
}

// played plays one kind of rotation at one moment and gives its cell.
func played(t *testing.T, kind string, rotate func(*rotations), play func(*rotations, func(*rotations))) string {
	r := newRig(t, func(o *Options) {
		if kind == "rename, create later" { // it is quiet in mid-line, for as long as a look takes
			o.Linger = patience
		}
	})
	m := &rotations{r: r}
	if kind == "symbolic link moved" {
		r.write("app-2026-01-01.log", "")
		r.point("app-2026-01-01.log")
	}
	m.open()
	defer func() { m.f.Close() }()
	m.write(100)
	r.start()
	m.read()
	play(m, rotate)
	m.write(10)
	m.read()
	r.quiet()
	r.restart()
	r.quiet()
	return m.cell()
}
