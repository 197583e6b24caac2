package bridge

// The seven session events, by the appliance's own names.
const (
	EventBegin          = "support_conference_begin"
	EventEnd            = "support_conference_end"
	EventOwnerChanged   = "support_conference_owner_changed"
	EventMemberAdded    = "support_conference_member_added"
	EventMemberDeparted = "support_conference_member_departed"
	EventCustomerSurvey = "support_conference_customer_exit_survey_completed"
	EventRepSurvey      = "support_conference_rep_exit_survey_completed"
)

// SessionPrefix begins the name of each session event. A name that begins
// with it and is none of the seven is a mistake.
const SessionPrefix = "support_conference_"

// SessionEvents lists the seven in the order of the vendor's page.
func SessionEvents() []string {
	return []string{
		EventBegin, EventEnd, EventOwnerChanged, EventMemberAdded,
		EventMemberDeparted, EventCustomerSurvey, EventRepSurvey,
	}
}

// IsSessionEvent reports whether name is one of the seven.
func IsSessionEvent(name string) bool {
	switch name {
	case EventBegin, EventEnd, EventOwnerChanged, EventMemberAdded,
		EventMemberDeparted, EventCustomerSurvey, EventRepSurvey:
		return true
	}
	return false
}
