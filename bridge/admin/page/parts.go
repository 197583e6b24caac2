package page

import (
	"bytes"
	"embed"
	"html/template"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/status"
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"text": func(s string) string { return text(s, textMost) }, "long": func(s string) string { return text(s, longMost) },
	"count": count[uint64], "counti": count[int64], "countn": count[int], "size": size, "span": span, "seconds": seconds, "at": at,
	"badge": badgeOf, "asked": askedFor, "events": namesOf, "eventName": eventName, "within": within, "icon": iconOf,
	"number": func(n uint64) string { return hexNumber(n) }, "numbered": numbered[int], "body": func(b []byte) string { return bodyText(b) },
	"outcome": outcomeOf, "fate": fateOf, "place": placeText,
	"begin": begin, "session": bridge.SessionEvents,
	"formField": func() string { return admin.FormField },
}).ParseFS(templateFiles, "templates/*.html"))

// render expands a template; one that fails is a mistake of ours.
func render(name string, data any) []byte {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		panic("page: " + err.Error())
	}
	return b.Bytes()
}

// part is an element of a page that is replaced as a whole when it changes.
// Where only rows in it change, these are replaced alone.
type part struct {
	ID   string
	HTML template.HTML
	base string // all of it but its rows, and which these are
	rows []part
}

// partOf makes a part by a template, whose element must have that id.
func partOf(id, name string, data any) part {
	b := string(render(name, data))
	return part{ID: id, HTML: template.HTML(b), base: b}
}

// list is a part with rows.
type list struct {
	Data any
	Rows []part
}

// listOf makes one.
func listOf(id, name string, data any, rows []part) part {
	p := part{ID: id, HTML: template.HTML(render(name, list{data, rows})), rows: rows}
	p.base = string(render(name, list{Data: data}))
	for _, r := range rows {
		p.base += " " + r.ID
	}
	return p
}

// changed gives what must be replaced for a page of old parts to be one of
// new ones; whole: they don't fit together.
func changed(old, now []part) (parts []part, whole bool) {
	if len(old) != len(now) {
		return nil, true
	}
	for i := range now {
		was, is := &old[i], &now[i]
		switch {
		case was.ID != is.ID:
			return nil, true
		case was.base != is.base:
			parts = append(parts, *is)
		default:
			for j := range is.rows {
				if was.rows[j].HTML != is.rows[j].HTML {
					parts = append(parts, is.rows[j])
				}
			}
		}
	}
	return parts, false
}

// frame is what every page is put into.
type frame struct {
	asked
	shown
	Outcome *Outcome
}

// The navigation's pages.
const (
	navStatus = "status"
	navDead   = "dead"
	navEvents = "events"
)

// Title is the document's: how many things need a person stands first.
func (f frame) Title() string {
	t := f.whole()
	if f.title != "" {
		t = f.title + " · " + t
	}
	return t + " · Tailpost"
}

func (a asked) whole() string {
	if n := len(a.snap.Needs); n > 0 {
		return numbered(n, "needs a person", "need a person")
	}
	if !a.snap.Ready {
		return "Not ready"
	}
	if ails := a.snap.Ailing(); ails != "" {
		return "Nothing needs a person yet: " + ails
	}
	return "All is well"
}

// Live is how the script asks for what is new.
func (f frame) Live() string { return f.live }

// Parts are the page's own.
func (f frame) Parts() []part { return f.parts }

// Nav is the part with the navigation.
func (f frame) Nav() part { return navOf(f.asked, f.nav) }

// Snap is the snapshot.
func (f frame) Snap() *status.Snapshot { return f.snap }

type navView struct {
	asked
	Page string
	Dead int
}

func navOf(a asked, page string) part {
	v := navView{asked: a, Page: page}
	for i := range a.snap.Recipients {
		v.Dead += a.snap.Recipients[i].Letters
	}
	for _, f := range a.snap.Forgotten {
		v.Dead += f.Letters
	}
	return partOf("nav", "nav", v)
}
