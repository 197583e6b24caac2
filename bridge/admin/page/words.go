package page

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/status"
)

// badge is a state as it is shown: a word, a sign, and a colour that says the
// same.
type badge struct {
	Word string
	Tone string // good, idle, warn, bad
}

var badges = map[status.State]badge{
	status.OK:            {"OK", "good"},
	status.Untried:       {"Not tried yet", "idle"},
	status.Failing:       {"Failing", "warn"},
	status.Down:          {"Down", "bad"},
	status.Misconfigured: {"Misconfigured", "bad"},
	status.Gone:          {"Gone", "bad"},
	status.Paused:        {"Paused", "idle"},
	status.Disabled:      {"Disabled", "idle"},
	status.Removed:       {"Removed", "idle"},
	status.Full:          {"Full", "warn"},
	status.Stuck:         {"Stuck", "bad"},
	status.Waiting:       {"Waiting", "idle"},
	status.Starting:      {"Starting", "idle"},
	status.Unreadable:    {"Unreadable", "bad"},
	status.Partly:        {"Partly", "warn"},
	status.Blocked:       {"Blocked", "bad"},
	status.Ended:         {"Ended", "idle"},
}

func badgeOf(s status.State) badge {
	if b, known := badges[s]; known {
		return b
	}
	return badge{text(string(s), textMost), "idle"}
}

// fates are the states of an event at a recipient.
var fates = map[string]badge{
	"delivered": {"Delivered", "good"},
	"waiting":   {"Waiting", "idle"},
	"failing":   {"Failing", "warn"},
	"parked":    {"Waiting behind another", "idle"},
	"dead":      {"Dead letter", "bad"},
	"filtered":  {"Filtered", "idle"},
	"skipped":   {"Skipped", "idle"},
	"before":    {"Before its time", "idle"},
	"dropped":   {"Dropped", "idle"},
	"ended":     {"Ended", "idle"},
}

func fateOf(state string) badge {
	if b, known := fates[state]; known {
		return b
	}
	return badge{text(state, textMost), "idle"}
}

// icons are the signs of the tones, and of what has no tone. Their shapes
// differ: colour alone says nothing.
var icons = map[string]string{
	"good": `<circle cx="8" cy="8" r="7"/><path class="mark" d="M4.6 8.3l2.3 2.3 4.5-4.9"/>`,
	"idle": `<circle cx="8" cy="8" r="7"/><path class="mark" d="M4.8 8h6.4"/>`,
	"warn": `<path d="M8 1.2l7.2 13H.8z"/><path class="mark" d="M8 6v4M8 12v.4"/>`,
	"bad":  `<path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"/><path class="mark" d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2"/>`,
}

func iconOf(tone string) template.HTML {
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">` + icons[tone] + `</svg>`)
}

// eventNames are the triggers in the vendor's words.
var eventNames = map[string]string{
	bridge.EventBegin:          "Session start",
	bridge.EventEnd:            "Session end",
	bridge.EventOwnerChanged:   "Owner changed",
	bridge.EventMemberAdded:    "Member added",
	bridge.EventMemberDeparted: "Member departed",
	bridge.EventCustomerSurvey: "Customer survey",
	bridge.EventRepSurvey:      "Representative survey",
}

func eventName(name string) string {
	if short, known := eventNames[name]; known {
		return short
	}
	return text(name, textMost)
}

// askedFor says which events a recipient asked for.
func askedFor(events []string) string {
	if slices.Contains(events, "*") {
		return "All, raw ones too"
	}
	all := true
	for _, e := range bridge.SessionEvents() {
		all = all && slices.Contains(events, e)
	}
	switch {
	case len(events) == 0: // of one that is removed it isn't known
		return "–"
	case all && len(events) == len(bridge.SessionEvents()):
		return "All seven"
	case len(events) > 3:
		return count(len(events)) + " events"
	}
	return namesOf(events)
}

// namesOf names events, one behind the other.
func namesOf(events []string) string {
	if len(events) == 0 {
		return "–"
	}
	names := make([]string, 0, len(events))
	for i, e := range events {
		name := eventName(e)
		if i > 0 && bridge.IsSessionEvent(e) {
			name = strings.ToLower(name)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// within says how long what a histogram counted took, half of it and nearly
// all.
func within(h status.Histogram) string {
	half, most := quantile(h, 0.5), quantile(h, 0.99)
	if half == "" {
		return "–"
	}
	return "half " + half + ", 99 % " + most
}

// quantile says how long a share took at most; "": nothing was counted.
func quantile(h status.Histogram, share float64) string {
	total := uint64(0)
	for _, n := range h.Counts {
		total += n
	}
	if total == 0 {
		return ""
	}
	sum := uint64(0)
	for i, n := range h.Counts[:min(len(h.Counts), len(status.Bounds))] {
		if sum += n; float64(sum) >= share*float64(total) {
			return "≤ " + bound(status.Bounds[i])
		}
	}
	return "> " + bound(status.Bounds[len(status.Bounds)-1])
}

// bound gives a bound of a histogram, whose values are round.
func bound(s float64) string {
	if s < 0.01 {
		return fmt.Sprintf("%g ms", s*1000)
	}
	return strings.TrimSuffix(span(time.Duration(s*float64(time.Second))), " 0 min")
}

// outcomeOf says what an attempt led to.
func outcomeOf(a bridge.Attempt) badge {
	switch {
	case a.Err == "":
		return badge{"Taken", "good"}
	case a.Dead:
		return badge{"Dead letter", "bad"}
	case a.Status != "":
		return badge{strings.ToUpper(a.Status[:1]) + text(a.Status[1:], textMost), "bad"}
	}
	return badge{"Failed", "warn"}
}

func placeText(p bridge.Place) string {
	name := text(p.Stream, textMost)
	if name == "" {
		name = "?"
	}
	return fmt.Sprintf("%s, bytes %s to %s", name, count(p.Offset), count(p.Offset+p.Bytes))
}

// hexNumber is how an event's number is written.
func hexNumber(n uint64) string { return fmt.Sprintf("%x", n) }
