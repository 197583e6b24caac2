package parsers

import (
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

// keyEvent is the reporting side's event that sets a session's ticket key for
// the events that follow it.
const keyEvent = "External Key"

// titles are the reporting side's names of the seven.
var titles = []struct{ title, event string }{
	{"Session Start", bridge.EventBegin},
	{"Session End", bridge.EventEnd},
	{"Conference Owner Changed", bridge.EventOwnerChanged},
	{"Conference Member Added", bridge.EventMemberAdded},
	{"Conference Member Departed", bridge.EventMemberDeparted},
	{"Customer Exit Survey", bridge.EventCustomerSurvey},
	{"Representative Exit Survey", bridge.EventRepSurvey},
	{keyEvent, keyEvent},
}

// eventName gives the outbound event that a title means, or the name itself.
func eventName(title string) (string, error) {
	for _, t := range titles {
		if strings.EqualFold(t.title, title) {
			return t.event, nil
		}
	}
	return title, checkName(title)
}
