package receiver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/rs/zerolog"
	"golang.org/x/net/netutil"
)

// Options say where to listen and how to answer. An address that is empty
// isn't listened on; port 0 takes a free one.
type Options struct {
	HTTPAddr, SMTPAddr string

	Fail    int           // answer so at first: an HTTP status; 0: take everything
	FailFor time.Duration // counted from New; 0: until SetFail says otherwise

	Username, Password string // mail wants this login; "": none is offered
	ImplicitTLS        bool   // mail begins with TLS, instead of offering STARTTLS
	NoTLS              bool   // mail offers no STARTTLS

	// OnEvent is called for each request and mail before it is answered, one
	// at a time. It holds up the answer.
	OnEvent func(Received)
	Log     zerolog.Logger
}

// Bounds on what one sender can cost us.
const (
	bodyMax        = 1 << 20 // bytes
	headerMax      = 64 << 10
	connectionsMax = 256
	ioTimeout      = 30 * time.Second
	idleTimeout    = 2 * time.Minute
	shutdownWait   = 2 * time.Second
)

// Receiver takes events. Its addresses are known once New has returned; they
// are served while Run runs.
type Receiver struct {
	o     Options
	http  net.Listener // nil: not asked for
	smtp  net.Listener
	ident *identity

	mu     sync.Mutex // guards what follows
	fail   int
	until  time.Time // zero: no end
	refuse func(Step) *smtp.SMTPError

	tell sync.Mutex // held around OnEvent
}

// New opens the sockets.
func New(o Options) (*Receiver, error) {
	r := &Receiver{o: o}
	r.setFail(o.Fail, o.FailFor)
	var err error
	if r.ident, err = newIdentity(time.Now()); err != nil {
		return nil, err
	}
	if o.HTTPAddr != "" {
		if r.http, err = net.Listen("tcp", o.HTTPAddr); err != nil {
			return nil, fmt.Errorf("listen for HTTP: %w", err)
		}
	}
	if o.SMTPAddr != "" {
		if r.smtp, err = net.Listen("tcp", o.SMTPAddr); err != nil {
			return nil, errors.Join(fmt.Errorf("listen for SMTP: %w", err), r.Close())
		}
	}
	return r, nil
}

// Close gives the sockets back, for who never calls Run.
func (r *Receiver) Close() error {
	var errs []error
	for _, l := range []net.Listener{r.http, r.smtp} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

// HTTPAddr is the address that HTTP is served on; "" if it isn't.
func (r *Receiver) HTTPAddr() string { return addr(r.http) }

// SMTPAddr is the address that mail is taken on; "" if it isn't.
func (r *Receiver) SMTPAddr() string { return addr(r.smtp) }

func addr(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// CAPEM is the certificate to trust for mail by TLS, as PEM. It is made anew
// at each New and is good for loopback names alone.
func (r *Receiver) CAPEM() []byte { return r.ident.pem }

// SetFail makes it answer so from now on: an HTTP status; mail is refused
// for now at RCPT. 0 takes everything again; d 0 has no end.
func (r *Receiver) SetFail(status int, d time.Duration) { r.setFail(status, d) }

func (r *Receiver) setFail(status int, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail, r.until = status, time.Time{}
	if d > 0 {
		r.until = time.Now().Add(d)
	}
}

// failing is the status to refuse with; 0: none.
func (r *Receiver) failing() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != 0 && !r.until.IsZero() && !time.Now().Before(r.until) {
		r.fail = 0
	}
	return r.fail
}

// report tells OnEvent.
func (r *Receiver) report(got Received) {
	if r.o.OnEvent == nil {
		return
	}
	r.tell.Lock()
	defer r.tell.Unlock()
	r.o.OnEvent(got)
}

// Run serves until ctx ends or a server fails, and closes the sockets. It may
// be called once.
func (r *Receiver) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	servers := r.servers()
	failed := make(chan error, len(servers))
	for _, s := range servers {
		go func() {
			defer cancel()
			failed <- s.serve()
		}()
	}
	<-ctx.Done()
	ending, done := context.WithTimeout(context.WithoutCancel(ctx), shutdownWait)
	defer done()
	for _, s := range servers {
		s.shutdown(ending)
	}
	var errs []error
	for range servers {
		errs = append(errs, <-failed)
	}
	return errors.Join(errs...)
}

// server is one of the two. serve returns nil after shutdown.
type server struct {
	serve    func() error
	shutdown func(context.Context)
}

func (r *Receiver) servers() []server {
	var all []server
	if r.http != nil {
		s := r.httpServer()
		all = append(all, server{
			serve: func() error {
				if err := s.Serve(netutil.LimitListener(r.http, connectionsMax)); !errors.Is(err, http.ErrServerClosed) {
					return fmt.Errorf("serve HTTP: %w", err)
				}
				return nil
			},
			shutdown: func(ctx context.Context) {
				if s.Shutdown(ctx) != nil {
					_ = s.Close()
				}
			},
		})
	}
	if r.smtp != nil {
		s, l := r.smtpServer(), r.mailListener()
		all = append(all, server{
			serve: func() error {
				if err := s.Serve(l); err != nil {
					return fmt.Errorf("serve SMTP: %w", err)
				}
				return nil
			},
			// An SMTP client keeps its connection for minutes: nothing to wait
			// for. The server doesn't know its listener before Serve is under way.
			shutdown: func(context.Context) {
				_ = s.Close()
				_ = l.Close()
			},
		})
	}
	return all
}
