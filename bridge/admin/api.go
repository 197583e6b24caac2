package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/rs/zerolog"
)

// api is what a bridge can be asked: the same over the control socket and over
// TCP.
type api struct {
	actions  Actions
	patience time.Duration
	by       string // the way in words, for the log
	log      zerolog.Logger
	pulse    *Pulse
}

func newAPI(o Options, by string) *api {
	return &api{actions: o.Actions, patience: o.Patience, by: by, log: o.Log, pulse: o.Pulse}
}

// changes gives what handles the requests that change something, by path.
func (a *api) changes() map[string]http.Handler {
	act := a.actions
	return map[string]http.Handler{
		pathReplayDead:  change(a, act.ReplayDead),
		pathDropDead:    change(a, act.DropDead),
		pathReplayLines: change(a, act.ReplayLines),
		pathPause: change(a, func(ctx context.Context, n name) (Report, error) {
			return act.Pause(ctx, n.Recipient, true)
		}),
		pathResume: change(a, func(ctx context.Context, n name) (Report, error) {
			return act.Pause(ctx, n.Recipient, false)
		}),
		pathForget: change(a, func(ctx context.Context, n name) (Report, error) {
			return act.Forget(ctx, n.Recipient)
		}),
	}
}

// change handles one kind of request, whose body is a T.
func change[T any](a *api, act func(context.Context, T) (Report, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body T
		if err := a.read(w, r, &body); err != nil {
			a.reply(w, answer{Error: err})
			return
		}
		report, err := act(r.Context(), body)
		a.log.Info().Str("path", r.URL.Path).Int("done", report.Done).Int("left", len(report.Left)+report.LeftOut).
			Err(err).Msg("done by " + a.by)
		a.reply(w, answer{Report: &report, Error: errorOf(err)})
	})
}

// status answers with the snapshot.
func (a *api) status(w http.ResponseWriter, r *http.Request) {
	s, err := a.pulse.Snapshot(r.Context())
	if err != nil {
		a.write(w, http.StatusServiceUnavailable, answer{Error: errorOf(err)})
		return
	}
	a.write(w, http.StatusOK, s)
}

// unknown answers a request for something else.
func (a *api) unknown(w http.ResponseWriter, r *http.Request) {
	a.reply(w, answer{Error: Errorf(NotFound, "the running bridge knows no %s %s: is it of another version?", r.Method, r.URL.Path)})
}

// read takes the body in, all of it, in bounded time.
func (a *api) read(w http.ResponseWriter, r *http.Request, to any) *Error {
	// Not http.Server's ReadTimeout: it would end the action as well.
	c := http.NewResponseController(w)
	if err := c.SetReadDeadline(time.Now().Add(a.patience)); err != nil {
		return errorOf(err)
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMost))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return Errorf(TooLarge, "the request is larger than %d bytes: ask for fewer at a time", large.Limit)
	}
	if err != nil {
		return Errorf(Invalid, "read the request: %v", err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return errorOf(err)
	}
	// A misspelt filter would choose everything.
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return Errorf(Invalid, "read the request: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Errorf(Invalid, "read the request: there is more than one object in it")
	}
	if c, ok := to.(interface{ isAll() bool }); ok && c.isAll() {
		return Errorf(Invalid, "say which: the request chooses none in particular")
	}
	return nil
}

func (a *api) reply(w http.ResponseWriter, is answer) {
	code := http.StatusOK
	if is.Error != nil {
		code = is.Error.status()
	}
	a.write(w, code, is)
}

// write answers with JSON.
func (a *api) write(w http.ResponseWriter, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // numbers and strings can be marshalled
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(a.patience))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(b, '\n')) // a client that is gone needs no answer
}
