package page

import (
	"net/http"

	"github.com/tailpost/tailpost/bridge/admin"
)

type signInView struct {
	asked
	Next  string
	Wrong string
}

// signIn is the page that asks for the token.
func (p *page) signIn(a asked) shown { return p.signInSaying(a, nil) }

func (p *page) signInSaying(a asked, f *admin.Refusal) shown {
	v := signInView{asked: a, Next: next(a.req, "/")}
	s := shown{title: "Sign in"}
	if f != nil {
		v.Wrong, s.code = f.Text, f.Status
	}
	s.parts = []part{partOf("sign-in", "sign-in", v)}
	return s
}

// signedIn takes the token.
func (p *page) signedIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formMost)
	f := unreadable(r.ParseForm())
	if f == nil {
		f = p.o.Guard.SignIn(w, r, r.PostForm.Get("token"))
	}
	if f != nil {
		f.Headers(w.Header())
		if a, ok := p.ask(w, r); ok {
			p.write(w, a, p.signInSaying(a, f))
		}
		return
	}
	http.Redirect(w, r, next(r, "/"), http.StatusSeeOther)
}

func (p *page) signOut(w http.ResponseWriter, r *http.Request) string {
	p.o.Guard.SignOut(w, r)
	return next(r, "/")
}
