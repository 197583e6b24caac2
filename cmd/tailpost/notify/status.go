package notify

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/tailpost/tailpost/bridge/status"
)

// lineMost bounds what STATUS= says, in bytes.
const lineMost = 300

// line tells in one line how a bridge fares: what is worst, and how much there
// is to do.
func line(s *status.Snapshot) string {
	waiting := uint64(0)
	for _, r := range s.Recipients {
		waiting += r.Waiting
	}
	work := fmt.Sprintf("%s, %s, %s waiting", count(len(s.Sources), "source"), count(len(s.Recipients), "recipient"), count(waiting, "event"))
	switch {
	case len(s.NotReady) > 0:
		work = "not ready: " + s.NotReady[0] + more(len(s.NotReady)) + "; " + work
	case len(s.Needs) > 0:
		n := s.Needs[0]
		for _, other := range s.Needs {
			if other.Grave && !n.Grave {
				n = other
			}
		}
		what := n.Kind
		if n.Name != "" {
			what += " " + n.Name
		}
		work = "needs a person: " + what + ": " + n.Text + more(len(s.Needs)) + "; " + work
	}
	return harmless(work)
}

func count[N int | uint64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func more(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", n-1)
}

// harmless makes a text fit for one line of a datagram, and of a terminal: a
// line end in it would begin another assignment.
func harmless(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, "?"))
	if len(text) <= lineMost {
		return text
	}
	return strings.ToValidUTF8(text[:lineMost], "") + "…"
}
