package bridge

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestDeliveryErrorIsItsCause(t *testing.T) {
	err := fmt.Errorf("attempt 3: %w", &DeliveryError{Scope: ThisRecipient, Err: io.ErrUnexpectedEOF})
	var de *DeliveryError
	if !errors.As(err, &de) || de.Scope != ThisRecipient || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v has lost its cause or its scope", err)
	}
	if got, want := err.Error(), "attempt 3: unexpected EOF"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
