package app

import (
	"cmp"
	"fmt"

	"github.com/tailpost/tailpost/bridge/status"
)

func needsOfSources(s *status.Snapshot, b beside) (out []status.Need) {
	for i := range s.Sources {
		is := &s.Sources[i]
		need := func(grave bool, text, to string) {
			out = append(out, status.Need{Kind: needSource, Name: is.Name, Text: text, To: to, Grave: grave})
		}
		if n, ok := needOfReading(is, s); ok {
			out = append(out, n)
		}
		if is.Silent {
			need(false, "no line for silent_after"+since(is.LastLine), "see whether what writes "+is.Target+" still does")
		}
		if n := b.recent[recentKey{recentQuarantined, is.Name}]; n > 0 {
			why := ""
			if is.Rejected != "" {
				why = ": " + is.Rejected
			}
			need(false, counted(max(n, uint64(is.Quarantined)), "line", "lines")+" went to quarantine"+lastDay+why, "tailpost quarantine ls --source "+quoted(is.Name)+"; once format or what writes the lines is mended: quarantine replay with the same")
		}
		if n := b.recent[recentKey{recentLost, is.Name}]; n > 0 {
			need(true, fmt.Sprintf("%s happened%s: at least %d bytes so far were gone before they could be read", counted(max(n, uint64(is.Losses)), "discontinuity", "discontinuities"), lastDay, is.LostBytes),
				"keep rotated files for longer, or rotate by renaming; nothing brings the bytes back")
		}
	}
	return out
}

// needOfReading judges a source by its state. Each that hinders is grave, and so
// is one that has ended too early. Where the spool itself says why it takes
// nothing, that is the need, and not each source that waits for it.
func needOfReading(is *status.Source, s *status.Snapshot) (n status.Need, ok bool) {
	n = status.Need{Kind: needSource, Name: is.Name, Text: cmp.Or(is.Text, string(is.State)), Grave: true}
	stuck := s.Spool.Failing != "" || s.Spool.Full != ""
	switch is.State {
	case status.Unreadable:
		n.To = "do what the text says; it is tried again by itself"
	case status.Partly:
		n.Grave, n.To = false, "do what the text says; it is tried again by itself"
		return n, s.Taken.Sub(is.Since) >= unreadyAfter
	case status.Starting:
		n.To = "see whether the disk or file server answers that " + cmp.Or(is.Target, "it reads") + " is on, and that " + s.Spool.Dir + " is on; it begins by itself"
	case status.Blocked:
		n.To = "where a line is too big, raise spool.max_bytes or lower the source's max_line; else see to the disk that " + s.Spool.Dir + " is on. It goes on by itself"
		return n, !stuck && hinders(is, true, false, s.Taken)
	case status.Ended:
		n.To = "see to what it reads, and start the bridge again: it can't be begun again by itself"
		return n, endedBadly(is)
	}
	return n, hinders(is, true, false, s.Taken)
}

// endedBadly reports whether a source has ended before all of it was read.
func endedBadly(is *status.Source) bool { return is.State == status.Ended && !is.Since.IsZero() }
