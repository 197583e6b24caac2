package page

import (
	"net/http"
)

type signInView struct {
	asked
	Next  string
	Wrong string
}

// signIn is the page that asks for the token.
func (p *page) signIn(a asked) shown { return p.signInSaying(a, "") }

func (p *page) signInSaying(a asked, wrong string) shown {
	s := shown{title: "Sign in", parts: []part{partOf("sign-in", "sign-in", signInView{a, next(a.req, "/"), wrong})}}
	if wrong != "" {
		s.code = http.StatusUnauthorized
	}
	return s
}

// signedIn takes the token.
func (p *page) signedIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formMost)
	if err := p.o.Guard.SignIn(w, r); err != nil {
		a := p.ask(r, false)
		p.write(w, a, p.signInSaying(a, err.Error()))
		return
	}
	http.Redirect(w, r, next(r, "/"), http.StatusSeeOther)
}

func (p *page) signOut(w http.ResponseWriter, r *http.Request) string {
	p.o.Guard.SignOut(w, r)
	return next(r, "/")
}
