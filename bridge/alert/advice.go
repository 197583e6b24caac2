package alert

import (
	"fmt"
	"strings"
)

// sentence says what has happened.
func (m *message) sentence(t *topic) string {
	switch m.Alert {
	case failing:
		return m.failingSentence()
	case deadLetters:
		return fmt.Sprintf("The recipient %s did not take %s in time, or refused for good. Dead letters are not sent again by themselves.", m.Recipient, plural(m.Count, "event"))
	case lostEvents:
		return fmt.Sprintf("%s for the recipient %s can't be read back from the spool, and can't be delivered.", plural(m.Count, "event"), m.Recipient)
	case silent:
		if m.State == "over" {
			return fmt.Sprintf("The source %s gives lines again.", m.Source)
		}
		return fmt.Sprintf("The source %s has given no line for longer than its silent_after.", m.Source)
	case unreadable:
		if m.State == "over" {
			return fmt.Sprintf("The source %s can be read again.", m.Source)
		}
		return fmt.Sprintf("The source %s can't read what it is to read: no line comes from it.", m.Source)
	case quarantined:
		return fmt.Sprintf("%s of the source %s could not be read and went to quarantine.", plural(m.Count, "line"), m.Source)
	case lostInput:
		return fmt.Sprintf("Input of the source %s went away before it was read, %s.", m.Source, plural(m.Count, "time"))
	case spoolFills:
		return m.spoolSentence(t)
	case skipped:
		return fmt.Sprintf("The spool was full, and %s for the recipient %s had to be given up to make room, the oldest first: its on_full is \"skip\".", plural(m.Count, "event"), m.Recipient)
	case damage:
		return fmt.Sprintf("%s of bytes in the spool can't be read. What could be copied is in damaged/ under the state directory.", plural(m.Count, "stretch"))
	case unbalanced:
		if m.State == "over" {
			return "All sums fit again."
		}
		return "Lines or events are not accounted for: a sum doesn't fit."
	case expired:
		return fmt.Sprintf("%s of dead letters or quarantined lines went for good: they were older than keep_dead, or more than fit.", plural(m.Count, "file"))
	}
	return ""
}

func (m *message) failingSentence() string {
	if m.State != "over" {
		return fmt.Sprintf("The recipient %s does not take events.", m.Recipient)
	}
	s := fmt.Sprintf("No event of the recipient %s is failing any longer.", m.Recipient)
	if m.Count > 0 {
		return s + fmt.Sprintf(" But not all were delivered: %s meanwhile.", plural(m.Count, "dead letter"))
	}
	return s
}

// whyIs names what the reason is.
func (m *message) whyIs() string {
	if m.Alert == failing {
		return "Last error"
	}
	return "Why"
}

// firstIs names what the first of what is counted is.
func (m *message) firstIs() string {
	switch m.Alert {
	case deadLetters:
		return "The oldest"
	case quarantined:
		return "Reason"
	}
	return "In all"
}

// advice says what people can do.
func (m *message) advice(t *topic) string {
	if m.State == "over" && m.Count == 0 {
		return ""
	}
	name := quoted(m.Recipient)
	letters := fmt.Sprintf("  tailpost dead ls --recipient %s        what they are, and why\n"+
		"  tailpost dead replay --recipient %s    send them again, once the recipient works", name, name)
	switch m.Alert {
	case failing:
		if m.State == "over" {
			return letters
		}
		return failingAdvice(t)
	case deadLetters:
		return letters
	case silent:
		return "Look whether what writes or sends its lines still does, and whether this program may read them: its log says so where it can't."
	case quarantined:
		return fmt.Sprintf("  tailpost quarantine ls --source %s        what they are, and why\n"+
			"  tailpost quarantine replay --source %s    parse them again, once the format is right", quoted(m.Source), quoted(m.Source))
	case unreadable:
		return "What would help stands above, behind the reason. Nothing must be restarted: it is tried again by itself. A log that rotates meanwhile must keep its old files."
	case lostInput:
		return "Logs were truncated or deleted before they were read. Rotate them by renaming, and keep the last one for a while."
	case spoolFills:
		return spoolAdvice(t)
	case skipped:
		return "They are counted as skipped, and are not sent. Mend the recipient, or raise max_bytes; on_full = \"block\" keeps events and lets the sources wait."
	case damage, lostEvents:
		return "Look at the disk. tailpost spool verify names what is damaged; everything else is delivered."
	case unbalanced:
		return "tailpost audit shows all sums. This is a fault of the program, or of the disk: please report it."
	case expired:
		return "Replay or drop dead letters before they are too old, or set a longer keep_dead."
	}
	return ""
}

func failingAdvice(t *topic) string {
	const kept = "Nothing is lost meanwhile: each event is tried again until its retry_duration ends, and is a dead letter then."
	status := ""
	if t.Last != nil {
		status = t.Last.Status
	}
	switch status {
	case "misconfigured":
		return "It refuses our credentials, or we its certificate: check them on both sides. " + kept
	case "gone":
		return "It says that its address is gone for good: set the new one, or take the recipient out of the configuration. " + kept
	}
	return "Look at the recipient, and at the way there; tailpost check --connect tries it without an event. " + kept
}

// quoted makes a name one word of a shell's command.
func quoted(s string) string {
	plain := func(r rune) bool {
		return r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
