package smtpsink

import "github.com/tailpost/tailpost/sinks/macro"

// templates are the texts of a mail, compiled; nil: the default, or none.
type templates struct {
	subject, body, html *macro.Template
}

// compile gives the templates of events that have none of their own, and of
// those that have.
func (o *Options) compile() (common templates, own map[string]templates) {
	common = templates{subject: compile(o.Subject), body: compile(o.Body), html: compile(o.HTML)}
	own = make(map[string]templates, len(o.Message))
	for event, m := range o.Message {
		t := common
		if m.Subject != "" {
			t.subject = compile(m.Subject)
		}
		if m.Body != "" || m.HTML != "" {
			t.body, t.html = compile(m.Body), compile(m.HTML)
		}
		own[event] = t
	}
	return common, own
}

func compile(text string) *macro.Template {
	if text == "" {
		return nil
	}
	t := macro.Compile(text)
	return &t
}
