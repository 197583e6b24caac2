package alert

import (
	"fmt"
	"net/url"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
)

// Policy is whom a recipient's failures are told, and when: the vendor's
// settings of the same names, and a URL. The zero value tells nobody.
type Policy struct {
	EmailContact option.List     `toml:"email_contact" doc:"who is told by mail when events fail, or die; needs [smtp]"`
	SendAfter    option.Duration `toml:"send_email_alert_after" doc:"how long an event must have been failing; no mail if nothing fails any longer by then"`
	ResendEvery  option.Duration `toml:"resend_email_alerts" doc:"told again every so often while it lasts"`
	URL          string          `toml:"alert_url" doc:"gets the same by POST, as JSON"`
}

// Limits gives what the keys take.
func (*Policy) Limits() option.Limits {
	l := (*System)(nil).Limits()
	l["send_email_alert_after"] = option.AtLeast(leastWait)
	return l
}

// Defaults gives the policy of a recipient whose table says nothing.
func Defaults() Policy {
	return Policy{SendAfter: option.Duration(10 * time.Minute), ResendEvery: option.Duration(time.Hour)}
}

// Check reports what is wrong with the policy. dir is not used.
func (p *Policy) Check(string) []option.Problem {
	ps := option.CheckAddresses("email_contact", p.EmailContact)
	ps = append(ps, checkLeast("send_email_alert_after", p.SendAfter)...)
	ps = append(ps, checkLeast("resend_email_alerts", p.ResendEvery)...)
	return append(ps, checkURL(p.URL)...)
}

// System is whom everything is told that is no single recipient's: the table
// [alerts].
type System struct {
	EmailContact option.List     `toml:"email_contact" doc:"who is told by mail what is no single recipient's: a silent source, a spool that fills up, quarantined lines, damage; needs [smtp]"`
	ResendEvery  option.Duration `toml:"resend_email_alerts" doc:"told again every so often while it lasts"`
	URL          string          `toml:"alert_url" doc:"gets the same by POST, as JSON"`
}

// Limits gives what the keys take.
func (*System) Limits() option.Limits {
	return option.Limits{
		"email_contact":       option.MailAddresses(),
		"resend_email_alerts": option.AtLeast(leastWait),
		"alert_url":           option.OrNone(option.WebURL()),
	}
}

// SystemDefaults gives the settings that hold where [alerts] says nothing.
func SystemDefaults() System { return System{ResendEvery: option.Duration(time.Hour)} }

// Check reports what is wrong with [alerts]. dir is not used.
func (s *System) Check(string) []option.Problem {
	ps := option.CheckAddresses("email_contact", s.EmailContact)
	ps = append(ps, checkLeast("resend_email_alerts", s.ResendEvery)...)
	return append(ps, checkURL(s.URL)...)
}

// leastWait keeps a typing mistake from filling a mailbox.
const leastWait = option.Duration(time.Second)

func checkLeast(key string, d option.Duration) []option.Problem {
	if d >= leastWait {
		return nil
	}
	return []option.Problem{{Key: key, Text: d.String() + " is too short", Hint: "use at least 1s"}}
}

// checkURL looks at an alert_url. The messages don't repeat it: often its path
// is the secret.
func checkURL(s string) []option.Problem {
	const key, like = "alert_url", `use one like "https://example.com/alerts"`
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return []option.Problem{{Key: key, Text: "is no URL", Hint: like}}
	case u.Scheme != "http" && u.Scheme != "https":
		return []option.Problem{{Key: key, Text: "is neither http:// nor https://", Hint: like}}
	case u.Hostname() == "":
		return []option.Problem{{Key: key, Text: "has no host", Hint: like}}
	case u.User != nil:
		return []option.Problem{{Key: key, Text: "has a user name or password in it", Hint: "a secret path or query does the same"}}
	case u.Scheme == "http" && !option.IsLoopback(u.Hostname()):
		return []option.Problem{{Key: key, Text: "alerts go to another machine unencrypted", Hint: "use https", Warning: true}}
	}
	return nil
}

// contact is whom a topic is told, and when.
type contact struct {
	to     []string
	url    string
	after  time.Duration
	resend time.Duration
	hold   bool // what lasts is not told for now: somebody wants it so
}

func (p *Policy) contact() contact {
	return contact{to: p.EmailContact, url: p.URL, after: p.SendAfter.D(), resend: max(p.ResendEvery, leastWait).D()}
}

func (s *System) contact() contact {
	return contact{to: s.EmailContact, url: s.URL, resend: max(s.ResendEvery, leastWait).D()}
}

// shownURL is all of an alert_url that people may see.
func shownURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "alert_url"
	}
	return fmt.Sprintf("%s://%s/…", u.Scheme, u.Host)
}
