package app

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/status"
)

// The kinds of needs.
const (
	needRecipient     = "recipient"
	needSource        = "source"
	needSpool         = "spool"
	needBalance       = "balance"
	needConfiguration = "configuration"
	needRelay         = "relay"
	needAlert         = "alert"
	needHistory       = "history"
	needListener      = "listener"
)

// beside is what needs are judged by besides the snapshot.
type beside struct {
	long    map[string]bool // recipients that have been failing for their send_email_alert_after
	letters map[string]int  // dead letters on disk, by name
	recent  map[recentKey]uint64
	relay   bool // the mail relay has refused for longer than relayLong
	starts  bool // not everything has begun
}

// needs is what needs a person, what is grave first. What a person chose
// (paused, disabled, removed) is no need, nor is what may pass by itself and
// has not lasted for long enough that people are told. What isn't ready for
// unreadyAfter or longer has a need.
func needs(s *status.Snapshot, b beside) []status.Need {
	out := needsOfRecipients(s, b)
	out = append(out, needsOfSources(s, b)...)
	out = append(out, needsOfSpool(&s.Spool, b)...)
	out = append(out, needsOfRest(s, b)...)
	out = append(out, needsOfListener(s)...)
	if b.starts && len(out) == 0 && s.Taken.Sub(s.Started) >= unreadyAfter {
		out = append(out, status.Need{Kind: needSource, Grave: true, Text: "not every source has begun", To: "the log says for what it waits; if nothing moves, restart the bridge"})
	}
	for i := range out {
		out[i].Text, out[i].To = oneLine(out[i].Text), oneLine(out[i].To)
	}
	slices.SortStableFunc(out, func(x, y status.Need) int {
		switch {
		case x.Grave == y.Grave:
			return 0
		case x.Grave:
			return -1
		}
		return 1
	})
	return out
}

func needsOfRecipients(s *status.Snapshot, b beside) (out []status.Need) {
	for i := range s.Recipients {
		r := &s.Recipients[i]
		if n, ok := needOfState(r, b.long[r.Name]); ok {
			out = append(out, n)
		}
		out = append(out, needsOfLost(r.Name, r.Letters, r.Damaged, b)...)
	}
	for _, f := range s.Forgotten {
		name := quoted(f.Name)
		out = append(out, status.Need{
			Kind: needRecipient, Name: f.Name, Text: counted(uint64(f.Letters), "dead letter waits", "dead letters wait") + " for a decision, of a recipient that is gone",
			To: "tailpost dead drop --recipient " + name + "; or configure a recipient of that name again, then tailpost dead replay --recipient " + name,
		})
	}
	return out
}

// needOfState judges a recipient by its state. long: it has been failing for
// so long that people are told.
func needOfState(r *status.Recipient, long bool) (n status.Need, ok bool) {
	n = status.Need{Kind: needRecipient, Name: r.Name, Text: r.Text, Grave: true}
	name := quoted(r.Name)
	switch r.State {
	case status.Misconfigured:
		n.To = "mend its credentials or its address in the configuration, then: tailpost test " + name
	case status.Gone:
		n.To = "give it another address in the configuration, or take it out of it"
	case status.Stuck:
		n.To = "see to the disk of the state directory; deliveries go on by themselves"
	case status.Full:
		n.To = "mend what it refuses (tailpost why with an event's id says why), or raise spool.max_parked"
	case status.Down:
		n.To = "see to the receiver; it is tried again by itself. To try now: tailpost test " + name
		return n, long
	case status.Failing:
		n.To, n.Grave = "see what it refuses, and mend the receiver or its settings; it is tried again by itself", false
		return n, long
	default:
		return n, false
	}
	return n, true
}

// needsOfLost tells of a recipient's events that it won't be sent by itself.
func needsOfLost(name string, letters int, damaged uint64, b beside) (out []status.Need) {
	if letters > 0 {
		out = append(out, status.Need{
			Kind: needRecipient, Name: name, Text: counted(uint64(letters), "dead letter waits", "dead letters wait") + " for a decision",
			To: "tailpost dead ls --recipient " + quoted(name) + ", then dead replay or dead drop with the same",
		})
	}
	if n := b.recent[recentKey{recentDamaged, name}]; n > 0 {
		out = append(out, status.Need{
			Kind: needRecipient, Name: name, Grave: true, Text: counted(max(n, damaged), "event", "events") + " could not be read back and won't be sent" + lastDay,
			To: "tailpost spool verify says what is damaged; see to the disk",
		})
	}
	if n := b.recent[recentKey{recentSkipped, name}]; n > 0 {
		out = append(out, status.Need{
			Kind: needRecipient, Name: name, Grave: true, Text: counted(n, "event was", "events were") + " given up because the spool was full (on_full = \"skip\")" + lastDay,
			To: "mend the recipient, or raise spool.max_bytes; with on_full = \"block\" events are kept, and sources wait",
		})
	}
	return out
}

func needsOfSpool(s *status.Spool, b beside) (out []status.Need) {
	need := func(grave bool, text, to string) {
		out = append(out, status.Need{Kind: needSpool, Text: text, To: to, Grave: grave})
	}
	more := "raise spool.max_bytes"
	if s.Holder != "" {
		more = "the recipient " + s.Holder + " holds the oldest part: mend it, or give up what waits for it; or raise spool.max_bytes"
	}
	if s.Failing != "" {
		need(true, "no lines are taken, because nothing can be written: "+s.Failing, seeToDisk(s.Failing, s.Dir))
	}
	if s.JournalFailing != "" {
		need(true, "nothing is delivered, because outcomes can't be recorded: "+s.JournalFailing, seeToDisk(s.JournalFailing, s.Dir))
	}
	switch percent := s.Wanted / max(1, s.MaxBytes/100); {
	case s.Full != "" && s.NoSpace: // a larger max_bytes gives no room there
		need(true, "no lines are taken, because there is no room on the disk: "+s.Full, makeRoom(s.Dir))
	case s.Full != "":
		need(true, "no lines are taken, because there is no room: "+s.Full, more)
	case percent >= 80:
		need(false, fmt.Sprintf("%d %% of spool.max_bytes are in use", percent), more)
	}
	if n := b.recent[recentKey{of: recentDamage}]; n > 0 {
		need(true, counted(max(n, uint64(s.DamagedRanges)), "stretch", "stretches")+" of the spool could not be read since the start"+lastDay, "tailpost spool verify says where; the bytes are in "+s.Dir+"/damaged; see to the disk")
	}
	if n := b.recent[recentKey{of: recentExpired}]; n > 0 {
		need(true, counted(max(n, uint64(s.Expired)), "file", "files")+" of dead letters or quarantined lines went since the start, too old or too many"+lastDay, "look at dead letters and quarantine sooner, or raise spool.keep_dead")
	}
	return out
}

// seeToDisk says what to do where a write fails for that reason.
func seeToDisk(why, dir string) string {
	switch {
	case noSpaceIn(why):
		return makeRoom(dir)
	case strings.Contains(why, spool.ErrAway.Error()):
		return "put " + dir + " back where it was, and it goes on by itself. What came since was not acknowledged, and waits with who sent it. Only where nothing is left of the directory: restart the bridge, which begins there as at its first start (a tail reads what is there already only with start = \"beginning\")"
	}
	return "see to the disk that " + dir + " is on; it is tried again by itself"
}

// noSpaceIn reports whether a write fails for lack of space.
func noSpaceIn(why string) bool {
	return strings.Contains(why, syscall.ENOSPC.Error()) || strings.Contains(why, syscall.EDQUOT.Error())
}

func makeRoom(dir string) string {
	return "make room on the disk that " + dir + " is on; it goes on by itself"
}

func needsOfRest(s *status.Snapshot, b beside) (out []status.Need) {
	if n := len(s.Balance.Problems); n > 0 {
		out = append(out, status.Need{Kind: needBalance, Grave: true, Text: "a sum doesn't fit: " + s.Balance.Problems[0], To: "tailpost audit says all of it; report it with that, and keep the state directory"})
	}
	c := &s.Configuration
	if !c.Refused.IsZero() {
		why := ""
		if len(c.Reasons) > 0 {
			why = ": " + c.Reasons[0]
		}
		out = append(out, status.Need{Kind: needConfiguration, Text: "the configuration's files are refused, and what was before runs" + why, To: "mend them; tailpost check --config " + quoted(c.Path) + " says all of it"})
	}
	if len(c.Restart) > 0 {
		out = append(out, status.Need{Kind: needConfiguration, Text: "these settings need a restart, and the old ones are in force: " + strings.Join(c.Restart, ", "), To: "restart the bridge, such as with systemctl restart tailpost"})
	}
	if s.Relay != nil && b.relay {
		out = append(out, status.Need{Kind: needRelay, Text: "the mail server " + s.Relay.Server + " said last: " + s.Relay.Text, To: "mend [smtp] or the server; tailpost check --connect tries it"})
	}
	for _, a := range s.Alerts {
		if len(a.NotSent) > 0 {
			of := ""
			if name := a.Recipient + a.Source; name != "" {
				of = " of " + name
			}
			out = append(out, status.Need{Kind: needAlert, Name: a.Recipient + a.Source, Text: "the alert " + a.Alert + of + " could not be sent: " + strings.Join(a.NotSent, "; "), To: "mend the mail relay or alert_url; it is tried again by itself"})
		}
	}
	if s.History.Failing != "" {
		out = append(out, status.Need{Kind: needHistory, Text: "attempts are not written down, and why won't know of them: " + s.History.Failing, To: "see to the disk that " + s.Spool.Dir + " is on"})
	}
	return out
}

// lastDay is said of counts of all there is: those within a day aren't known
// across a restart.
const lastDay = ", the last within a day"

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", the last at " + stamp(t)
}

func counted(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// quoted gives a text as a shell takes it for one word.
func quoted(s string) string {
	plain := func(r rune) bool {
		return r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@,+", r))
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
