package where

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/file"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

// Error says what is wrong with an expression, and where: lines and columns
// (in characters) count from 1.
type Error struct {
	Line, Column int
	Text         string
	Hint         string // what would be right, where that is known
}

func (e *Error) Error() string {
	at := fmt.Sprintf("at character %d: ", e.Column)
	if e.Line > 1 {
		at = fmt.Sprintf("at line %d, character %d: ", e.Line, e.Column)
	}
	if e.Hint == "" {
		return at + e.Text
	}
	return at + e.Text + "; " + e.Hint
}

// translate gives the library's error as ours.
func translate(err error) error {
	var fe *file.Error
	if !errors.As(err, &fe) {
		return &Error{Line: 1, Column: 1, Text: err.Error()}
	}
	text, _, _ := strings.Cut(fe.Message, "\n")
	return &Error{Line: max(fe.Line, 1), Column: fe.Column + 1, Text: text}
}

// unknownField says what a name could have meant.
func unknownField(name string) (text, hint string) {
	known := append(bridge.Tokens(), tables...)
	hint = "known fields: " + strings.Join(known, ", ")
	if near := option.Nearest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	}
	return fmt.Sprintf("%q is no field", name), hint
}
