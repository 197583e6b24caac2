package page

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"
)

// doc is a page as a browser has it.
type doc struct {
	t    *testing.T
	root *html.Node
	raw  string
	code int
}

// get gets a page and checks what is true of all of them.
func (s *site) get(path string) *doc {
	s.t.Helper()
	res, err := s.browser.Get(s.URL + path)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(res)
}

// post sends a form, with the visitor's form token if there is one.
func (s *site) post(path string, form url.Values) *doc {
	s.t.Helper()
	res, err := s.browser.PostForm(s.URL+path, form)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(res)
}

// signIn signs the browser in, and gives the token of its forms.
func (s *site) signIn() (form string) {
	s.t.Helper()
	s.post("/sign-in", url.Values{"token": {theToken}})
	form = s.get("/").one("input", "name", "form_token").attr("value")
	if form == "" {
		s.t.Fatal("not signed in")
	}
	return form
}

func (s *site) read(res *http.Response) *doc {
	s.t.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	d := &doc{t: s.t, raw: string(b), code: res.StatusCode}
	if d.root, err = html.Parse(strings.NewReader(d.raw)); err != nil {
		s.t.Fatal(err)
	}
	if res.Header.Get("Content-Type") == "text/html; charset=utf-8" {
		d.check()
	}
	return d
}

// check wants what every page must be: whole without JavaScript, nothing
// inline, one heading, landmarks, tables that say what they are, nothing that
// can't be seen.
func (d *doc) check() {
	d.t.Helper()
	count := map[string]int{}
	ids := map[string]bool{}
	for n := range d.root.Descendants() {
		if n.Type == html.TextNode {
			d.checkText("a text", n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		for _, a := range n.Attr {
			if a.Key != "value" { // what a form sends back must be what it was
				d.checkText(a.Key, a.Val)
			}
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				d.t.Errorf("inline %s=%q of %s", a.Key, a.Val, n.Data)
			}
			if a.Key == "id" {
				if ids[a.Val] {
					d.t.Errorf("two elements have the id %s", a.Val)
				}
				ids[a.Val] = true
			}
			if (a.Key == "href" || a.Key == "src" || a.Key == "action") && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") {
				d.t.Errorf("%s=%q leads elsewhere", a.Key, a.Val)
			}
		}
		switch n.Data {
		case "script":
			if (element{n}).attr("src") != "/page.js" || n.FirstChild != nil {
				d.t.Errorf("a script that is none of ours: %v", n.Attr)
			}
		case "style", "iframe", "object", "base", "img":
			d.t.Errorf("an element %s", n.Data)
		case "table":
			if len(all(n, "caption")) != 1 {
				d.t.Error("a table without a caption")
			}
		case "th":
			if (element{n}).attr("scope") == "" {
				d.t.Error("a th without a scope")
			}
		case "form":
			if e := (element{n}); e.attr("method") == "post" && e.attr("action") != "/sign-in" && len(find(n, "input", "name", "form_token")) != 1 {
				d.t.Errorf("a form to %s without the session's token", e.attr("action"))
			}
		}
	}
	for _, one := range []string{"title", "main", "h1", "nav", "header", "footer"} {
		if count[one] != 1 && (one != "h1" || count[one] == 0) {
			d.t.Errorf("%d elements %s", count[one], one)
		}
	}
}

// checkText wants nothing in a text that can't be seen.
func (d *doc) checkText(where, text string) {
	d.t.Helper()
	if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }); i >= 0 {
		d.t.Errorf("what can't be seen stands in %s: %q", where, text[max(0, i-40):min(len(text), i+40)])
	}
}

type element struct{ *html.Node }

func (e element) attr(name string) string {
	if e.Node == nil {
		return ""
	}
	for _, a := range e.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text gives the text of an element, with single blanks.
func (e element) text() string {
	var b strings.Builder
	for n := range e.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func all(root *html.Node, name string) (out []element) {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			out = append(out, element{n})
		}
	}
	return out
}

func find(root *html.Node, name, attr, value string) []element {
	return slices.DeleteFunc(all(root, name), func(e element) bool { return e.attr(attr) != value })
}

// one gives the first element of that name with that attribute.
func (d *doc) one(name, attr, value string) element {
	if got := find(d.root, name, attr, value); len(got) > 0 {
		return got[0]
	}
	return element{}
}

// id gives the text of the element with that id.
func (d *doc) id(id string) string {
	d.t.Helper()
	for n := range d.root.Descendants() {
		if n.Type == html.ElementNode && (element{n}).attr("id") == id {
			return element{n}.text()
		}
	}
	d.t.Errorf("no element has the id %s", id)
	return ""
}

func (d *doc) title() string { return all(d.root, "title")[0].text() }

// says wants texts in the element with that id.
func (d *doc) says(id string, want ...string) {
	d.t.Helper()
	got := d.id(id)
	for _, w := range want {
		if !strings.Contains(got, w) {
			d.t.Errorf("%s doesn't say %q: %s", id, w, got)
		}
	}
}
