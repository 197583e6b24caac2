package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// recipient prints all that is known of one.
func (t *statusView) recipient(r *status.Recipient) {
	pair := func(key, value string) {
		if value != "" {
			t.text(fmt.Sprintf("%-15s", key), value)
		}
	}
	when := func(key string, at time.Time, how string) {
		if !at.IsZero() {
			pair(key, at.UTC().Format(time.RFC3339)+how)
		}
	}
	ago := func(at time.Time) string { return " (" + t.ago(at) + " ago)" }
	pair("recipient", r.Name)
	pair("kind", r.Kind)
	pair("target", r.Target)
	pair("events", strings.Join(r.Events, ", "))
	state := r.Text
	if !strings.HasPrefix(state, string(r.State)) {
		state = string(r.State) + ": " + state
	}
	pair("state", state)
	pair("paused by", r.By)
	pair("mail server", r.Relay)
	pair("waiting", fmt.Sprintf("%d, of them %d parked, %d under way", r.Waiting, r.Parked, r.InFlight))
	when("oldest waiting", r.Oldest, ago(r.Oldest))
	when("last success", r.LastSuccess, ago(r.LastSuccess))
	when("last failure", r.LastFailure, ago(r.LastFailure))
	pair("last error", r.LastError)
	when("next try", r.NextTry, " ("+t.until(r.NextTry)+")")
	pair("alert", r.Alert)
	pair("", r.AlertText)
	when("failing since", r.AlertSince, ago(r.AlertSince))
	pair("events given", fmt.Sprintf("%d = %d delivered + %d waiting + %d dead + %d dropped + %d filtered + %d skipped + %d damaged",
		r.Given, r.Delivered, r.Waiting, r.Dead, r.Dropped, r.Filtered, r.Skipped, r.Damaged))
	pair("dead letters", fmt.Sprint(r.Letters))
	pair("attempts", fmt.Sprintf("%d since the start, of them %d failed%s", r.Attempts, r.Failed, middle(", half of them within ", r.Took)))
	pair("latency", strings.TrimPrefix(middle("half of the events were taken within ", r.Latency), ", "))
}

// middle says below which bound half of what was counted lies; nothing where
// nothing was.
func middle(words string, h status.Histogram) string {
	all := uint64(0)
	for _, n := range h.Counts {
		all += n
	}
	if all == 0 {
		return ""
	}
	sum := uint64(0)
	for i, n := range h.Counts {
		if sum += n; 2*sum >= all && i < len(status.Bounds) {
			return words + (time.Duration(status.Bounds[i] * float64(time.Second))).String()
		}
	}
	return words + "more than " + (time.Duration(status.Bounds[len(status.Bounds)-1] * float64(time.Second))).String()
}
