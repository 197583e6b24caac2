package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Kind says what an error means for who asked.
type Kind string

// The kinds of errors.
const (
	NotFound Kind = "not_found" // there is no such recipient, letter or line
	Conflict Kind = "conflict"  // it can't be done as things are
	Invalid  Kind = "invalid"   // the request makes no sense
	Failed   Kind = "failed"    // it was tried
	Denied   Kind = "denied"    // who asks may not; over TCP alone
	TooLarge Kind = "too_large" // the request has too many bytes
)

// Error is an error as it goes over the socket: a kind, and words for people.
type Error struct {
	Kind Kind   `json:"kind"`
	Text string `json:"text"`
}

func (e *Error) Error() string { return e.Text }

// Errorf makes an Error.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// errorOf gives the error that a client is to see.
func errorOf(err error) *Error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return &Error{Kind: e.Kind, Text: err.Error()}
	case errors.Is(err, context.Canceled):
		return Errorf(Failed, "the bridge is stopping")
	}
	return Errorf(Failed, "%v", err)
}

func (e *Error) status() int {
	switch e.Kind {
	case NotFound:
		return http.StatusNotFound
	case Conflict:
		return http.StatusConflict
	case Invalid:
		return http.StatusBadRequest
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusInternalServerError
}
