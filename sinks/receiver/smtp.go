package receiver

import (
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"
)

// Step is a place in a mail's dialog where it can be refused.
type Step struct {
	Command string // "AUTH", "MAIL", "RCPT" or "DATA"
	Address string // of MAIL and RCPT
}

// SetRefuse makes mail be refused where f gives a code: 4xx for now, 5xx for
// good; 0 goes on. f is called for each step, by several goroutines at once.
// nil refuses nothing.
func (r *Receiver) SetRefuse(f func(Step) (code int, text string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = nil
	if f == nil {
		return
	}
	r.refuse = func(s Step) *smtp.SMTPError {
		code, text := f(s)
		if code == 0 {
			return nil
		}
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCodeNotSet, Message: text}
	}
}

// refusal is the answer to a step; nil goes on.
func (r *Receiver) refusal(s Step) *smtp.SMTPError {
	r.mu.Lock()
	f := r.refuse
	r.mu.Unlock()
	if f != nil {
		if e := f(s); e != nil {
			return e
		}
	}
	if s.Command == "RCPT" && r.failing() != 0 {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Not now"}
	}
	return nil
}

func (r *Receiver) smtpServer() *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &mailSession{r: r, conn: c}, nil
	}))
	s.Domain = "localhost"
	s.MaxMessageBytes = bodyMax
	s.MaxRecipients = 50
	s.ReadTimeout, s.WriteTimeout = ioTimeout, ioTimeout
	s.AllowInsecureAuth = true
	s.ErrorLog = serverLog{r.o.Log}
	if !r.o.NoTLS && !r.o.ImplicitTLS {
		s.TLSConfig = r.ident.tls
	}
	return s
}

// mailListener is the socket, with TLS on it if mail begins so.
func (r *Receiver) mailListener() net.Listener {
	l := netutil.LimitListener(r.smtp, connectionsMax)
	if r.o.ImplicitTLS {
		return tls.NewListener(l, r.ident.tls)
	}
	return l
}

// mailSession is one SMTP connection. It is used by one goroutine.
type mailSession struct {
	r    *Receiver
	conn *smtp.Conn
	user string
	from string
	to   []string
}

// AuthMechanisms offers what our senders can do, if a login is wanted.
func (s *mailSession) AuthMechanisms() []string {
	if s.r.o.Username == "" {
		return nil
	}
	return []string{sasl.Plain, sasl.Login}
}

func (s *mailSession) Auth(mech string) (sasl.Server, error) {
	if s.r.o.Username == "" {
		return nil, smtp.ErrAuthUnsupported
	}
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return s.logIn(user, password) }), nil
	case sasl.Login:
		return &loginServer{logIn: s.logIn}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *mailSession) logIn(user, password string) error {
	if e := s.r.refusal(Step{Command: "AUTH"}); e != nil {
		return e
	}
	ok := subtle.ConstantTimeCompare([]byte(user+"\x00"+password), []byte(s.r.o.Username+"\x00"+s.r.o.Password))
	if ok != 1 {
		return smtp.ErrAuthFailed
	}
	s.user = user
	return nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.r.o.Username != "" && s.user == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	if e := s.r.refusal(Step{Command: "MAIL", Address: from}); e != nil {
		return e
	}
	s.from, s.to = from, nil
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if e := s.r.refusal(Step{Command: "RCPT", Address: to}); e != nil {
		return e
	}
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(body io.Reader) error {
	raw, err := io.ReadAll(body) // bounded by MaxMessageBytes
	if err != nil {
		return err
	}
	got := Received{Kind: KindSMTP, Time: time.Now(), From: s.from, To: s.to, Body: raw, User: s.user, Status: 250}
	_, got.TLS = s.conn.TLSConnectionState()
	got.parseMail()
	e := s.r.refusal(Step{Command: "DATA"})
	if e != nil {
		got.Status = e.Code
	}
	s.r.report(got)
	if e != nil {
		return e
	}
	return nil
}

func (s *mailSession) Reset()        { s.from, s.to = "", nil }
func (s *mailSession) Logout() error { return nil }

// loginServer is the LOGIN mechanism, which the library knows for clients only.
type loginServer struct {
	logIn func(user, password string) error
	user  *string
	done  bool
}

var errLoginOver = errors.New("login: unexpected answer")

// Next asks for the name, then for the password. A client may send the name
// at once.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case l.done:
		return nil, false, errLoginOver
	case response == nil:
		return []byte("Username:"), false, nil
	case l.user == nil:
		user := string(response)
		l.user = &user
		return []byte("Password:"), false, nil
	}
	l.done = true
	return nil, true, l.logIn(*l.user, string(response))
}

// serverLog takes what the SMTP server says about its connections.
type serverLog struct{ log zerolog.Logger }

func (l serverLog) Printf(_ string, v ...any) { l.Println(v...) }

func (l serverLog) Println(v ...any) {
	ev := l.log.Debug()
	for _, x := range v {
		if err, ok := x.(error); ok {
			ev = ev.AnErr("err", errors.New(strings.ToValidUTF8(err.Error(), "?")))
		}
	}
	ev.Msg("smtp connection failed")
}
