package status

import (
	"fmt"
	"strings"
)

// Ailing says in one line what isn't as it should be, whether or not it needs a
// person yet: "34 recipients are down, 1 is failing". "": all is well. What a
// person chose, and what was not tried yet, is well.
func (s *Snapshot) Ailing() string {
	recipients, sources := map[State]int{}, map[State]int{}
	for i := range s.Recipients {
		recipients[s.Recipients[i].State]++
	}
	for i := range s.Sources {
		if is := &s.Sources[i]; is.State != Ended || !is.Since.IsZero() {
			sources[is.State]++
		}
	}
	parts := counted("recipient", recipients, Stuck, Misconfigured, Gone, Down, Failing, Full)
	parts = append(parts, counted("source", sources, Unreadable, Blocked, Partly, Ended, Waiting, Starting)...)
	switch {
	case s.Ready:
	case len(s.NotReady) > 0:
		parts = append(parts, "not ready: "+s.NotReady[0])
	default:
		parts = append(parts, "not ready")
	}
	return strings.Join(parts, ", ")
}

// counted says how many are in each of the states; what they are stands in the
// first part.
func counted(what string, n map[State]int, states ...State) (parts []string) {
	for _, state := range states {
		if n[state] == 0 {
			continue
		}
		word := string(state)
		if state == Partly {
			word = "partly unreadable"
		}
		is, noun := "is", what
		if n[state] != 1 {
			is, noun = "are", what+"s"
		}
		if len(parts) > 0 {
			parts = append(parts, fmt.Sprintf("%d %s %s", n[state], is, word))
			continue
		}
		parts = append(parts, fmt.Sprintf("%d %s %s %s", n[state], noun, is, word))
	}
	return parts
}
