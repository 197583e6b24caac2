package oauth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/tailpost/tailpost/bridge/option"
)

const (
	answerMax = 256 << 10 // of a token server's answer, in bytes
	tokenMax  = 16 << 10  // of a token
	showMax   = 256       // of what people see of an answer
)

// Error is a fetch that gave no token. It holds no secret.
type Error struct {
	Status int    // of the answer; 0: there was none
	Code   string // the server's error code, such as "invalid_client"; may be empty
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Misconfigured reports whether trying again won't help until somebody changes
// something: the server has understood us and refuses.
func (e *Error) Misconfigured() bool {
	return e.Status == http.StatusBadRequest || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
}

// fetch asks for a token.
func (s *Source) fetch(ctx context.Context) (token, error) {
	asked := time.Now() // a lifetime counts from before the answer
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	resp, err := s.transport.RoundTrip(s.request(ctx))
	if err != nil {
		return token{}, s.lost(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerMax+1))
	switch {
	case err != nil:
		return token{}, s.lost(ctx, err)
	case len(body) > answerMax:
		return token{}, &Error{Err: fmt.Errorf("the token server %s answered more than 256 KiB", s.shown)}
	case resp.StatusCode != http.StatusOK:
		return token{}, s.refused(resp.StatusCode, body)
	}
	t, err := s.readToken(body, asked)
	if err != nil { // what it holds may be a token: none of it is shown
		return token{}, &Error{Err: fmt.Errorf("the token server %s answered 200 OK: %w", s.shown, err)}
	}
	return t, nil
}

// request makes the POST of RFC 6749, 4.4.2.
func (s *Source) request(ctx context.Context) *http.Request {
	form := url.Values{"grant_type": {"client_credentials"}}
	for k, v := range s.o.Params {
		form.Set(k, v)
	}
	if len(s.o.Scopes) > 0 {
		form.Set("scope", strings.Join(s.o.Scopes, " "))
	}
	if s.o.ClientAuth == authPost {
		form.Set("client_id", s.o.ClientID)
		form.Set("client_secret", s.o.secret.Reveal())
	}
	body := form.Encode()
	r := (&http.Request{
		Method: http.MethodPost, URL: s.url, Host: s.url.Host,
		Header: http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"},
			"Accept":       {"application/json"},
			"User-Agent":   {s.o.UserAgent},
		},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}).WithContext(ctx)
	if s.o.ClientAuth != authPost {
		r.Header.Set("Authorization", basic(s.o))
	}
	return r
}

// basic is the client's Authorization. Both parts are form-encoded first, as
// RFC 6749, 2.3.1 has it.
func basic(o Options) string {
	pair := url.QueryEscape(o.ClientID) + ":" + url.QueryEscape(o.secret.Reveal())
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

// readToken reads an answer of RFC 6749, 5.1.
func (s *Source) readToken(body []byte, asked time.Time) (token, error) {
	var a struct {
		Token   string          `json:"access_token"`
		Type    string          `json:"token_type"`
		Expires json.RawMessage `json:"expires_in"`
	}
	if json.Unmarshal(body, &a) != nil {
		return token{}, errors.New("its body is not the JSON of a token")
	}
	switch {
	case a.Token == "":
		return token{}, errors.New("there is no access_token in it")
	case len(a.Token) > tokenMax:
		return token{}, errors.New("its access_token is longer than 16 KiB")
	case !httpguts.ValidHeaderFieldValue(a.Token) || strings.ContainsAny(a.Token, " \t\x01"):
		return token{}, errors.New("its access_token has characters that no token has")
	case a.Type != "" && !strings.EqualFold(a.Type, "bearer"):
		return token{}, fmt.Errorf("its token_type is %q, not Bearer", s.hide.And(a.Token).Text(a.Type, 32))
	}
	t := token{text: option.NewSecret(a.Token)}
	if life := lifetime(a.Expires); life > 0 {
		t.until = asked.Add(life - min(life/10, time.Minute))
	}
	return t, nil
}

// lifetime reads expires_in, which some servers send as a string; 0: not said.
func lifetime(raw json.RawMessage) time.Duration {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	const most = 10 * 365 * 24 * 3600
	if err != nil || !(n > 0) {
		return 0
	}
	return time.Duration(min(n, most) * float64(time.Second))
}

// lost says why there was no answer.
func (s *Source) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = fmt.Errorf("nothing within %s: %w", option.Duration(s.o.Timeout), context.DeadlineExceeded)
	} else {
		err = s.hide.Err(err, showMax)
	}
	return &Error{Err: fmt.Errorf("no token from %s: %w", s.shown, err)}
}

// refused reads an answer of RFC 6749, 5.2, or whatever else came.
func (s *Source) refused(status int, body []byte) error {
	var a struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	said := string(body)
	if json.Unmarshal(body, &a) == nil && a.Code != "" {
		if said = a.Code; a.Description != "" {
			said += ": " + a.Description
		}
	}
	text := fmt.Sprintf("the token server %s answered %d", s.shown, status)
	if word := http.StatusText(status); word != "" {
		text += " " + word
	}
	if said = s.hide.Text(said, showMax); said != "" {
		text += ": " + said
	}
	return &Error{Status: status, Code: s.hide.Text(a.Code, showMax), Err: errors.New(text)}
}
