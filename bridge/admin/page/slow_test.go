package page

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tailpost/tailpost/bridge/admin"
)

// timed is an answer's writer that notes when its request's deadline goes.
type timed struct {
	*httptest.ResponseRecorder
	did *[]string
}

func (w timed) SetReadDeadline(at time.Time) error {
	if at.IsZero() {
		*w.did = append(*w.did, "no deadline any more")
	}
	return nil
}

func (w timed) SetWriteDeadline(time.Time) error { return nil }

// sent is a request's body.
type sent struct {
	io.Reader
	did *[]string
}

func (b sent) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil {
		*b.did = append(*b.did, err.Error())
	}
	return n, err
}

func (sent) Close() error { return nil }

// TestBodiesAreReadInTime: whoever is signed in, by whatever means, sends all of
// the body before its deadline is lifted; who is too slow changes nothing.
func TestBodiesAreReadInTime(t *testing.T) {
	s := changeSite(t)
	form := s.signIn()
	at, _ := http.NewRequest(http.MethodGet, s.URL, nil)
	cookie := s.browser.Jar.Cookies(at.URL)[0]
	h := s.Config.Handler
	for _, kind := range []string{"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=b", ""} {
		for _, by := range []string{"form", "token"} {
			for _, slow := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s by %s, slow %v", kind, by, slow), func(t *testing.T) {
					var did []string
					body := io.Reader(strings.NewReader("name=desk"))
					if slow {
						body = io.MultiReader(body, iotest.ErrReader(os.ErrDeadlineExceeded))
					}
					r := httptest.NewRequest(http.MethodPost, "/recipient/pause", sent{body, &did})
					r.Header.Set("Content-Type", kind)
					if by == "form" {
						r.AddCookie(cookie)
						r.Header.Set(admin.FormHeader, form)
					} else {
						r.Header.Set("Authorization", "Bearer "+theToken)
					}
					w := timed{httptest.NewRecorder(), &did}
					before := len(s.did())
					h.ServeHTTP(w, r)
					lifted := false
					for i, d := range did {
						if d == "no deadline any more" {
							lifted = i > 0 && did[i-1] == io.EOF.Error()
							if !lifted {
								t.Errorf("in the order %q", did)
							}
							break
						}
					}
					if lifted == slow || slow && (w.Code != http.StatusBadRequest || len(s.did()) != before) || !slow && w.Code != http.StatusSeeOther {
						t.Errorf("%d %s; %q, did %v", w.Code, w.Body, did, s.did()[before:])
					}
				})
			}
		}
	}
}
