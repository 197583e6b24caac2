package alert

import "context"

// Mail is what a Mailer sends.
type Mail struct {
	To      []string // one to ten addresses
	Subject string   // one line
	Text    string
}

// Mailer is the way to the mail server. Send bounds its own time and ends soon
// after ctx does. It returns nil once at least one address has the mail;
// refused says then which have not, and why. No secret stands in either.
type Mailer interface {
	Send(ctx context.Context, m Mail) (refused string, err error)
}

// channel is one way to tell people. Each has its own memory of what it told.
type channel int

const (
	byMail channel = iota
	byURL
	channels
)

func (ch channel) String() string {
	if ch == byMail {
		return "mail"
	}
	return "alert_url"
}

// reaches reports whether a channel leads to somebody.
func (c *contact) reaches(ch channel) bool {
	if ch == byMail {
		return len(c.to) > 0
	}
	return c.url != ""
}
