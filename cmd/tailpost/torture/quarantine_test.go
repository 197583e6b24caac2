//go:build torture

package torture

import (
	"encoding/json"
	"strings"
)

// tornBy is the reason of a line whose source was stopped in the midst of it,
// by a reload. Its sender was not told that it was taken, and repeats it.
const tornBy = "the bridge was stopped before the line's newline"

// checkQuarantine wants nothing there but parts of messages of which another
// part was taken away, and beginnings of lines that a socket's source was
// stopped in: no line of a file may have been torn.
func (s *site) checkQuarantine() {
	may := map[string]bool{}
	for _, m := range s.messages() {
		for _, l := range m.lines {
			if m.exposed && len(m.lines) > 1 {
				may[strings.TrimSuffix(l, "\n")] = true
			}
		}
	}
	list, n := s.p.Command("quarantine", "ls", "--json"), 0
	for text := range strings.Lines(list) {
		var l struct {
			Source, Reason string
			Line           []byte
		}
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			s.t.Fatal(err)
		}
		switch {
		case may[string(l.Line)]:
			n++
		case l.Reason == tornBy && l.Source == "socket":
			s.torn[l.Source]++
		default:
			s.t.Errorf("in quarantine, from %s: %s: %q", l.Source, l.Reason, l.Line)
		}
	}
	s.t.Logf("quarantined: %d parts of messages that lost others; lines that a reload tore: %v", n, s.torn)
}
