package where

import (
	"errors"
	"fmt"
	"regexp"
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
		text, hint := reworded(err.Error())
		return &Error{Line: 1, Column: 1, Text: text, Hint: hint}
	}
	text, _, _ := strings.Cut(fe.Message, "\n")
	e := &Error{Line: max(fe.Line, 1), Column: fe.Column + 1}
	e.Text, e.Hint = reworded(text)
	return e
}

// What the library says of the commonest mistakes.
var (
	unexpected = regexp.MustCompile(`^unexpected token (\w+)(?:\("(.*)"\))?$`)
	notBool    = regexp.MustCompile(`^expected bool, but got (\S+)$`)
	mismatched = regexp.MustCompile(`^invalid operation: (\S+) \(mismatched types (\S+) and (\S+)\)$`)
)

// reworded gives it in the words of this language.
func reworded(said string) (text, hint string) {
	if m := unexpected.FindStringSubmatch(said); m != nil {
		switch {
		case m[1] == "EOF":
			return "something is missing at the end", ""
		case m[2] == "=":
			return `"=" compares nothing`, "write =="
		}
		return fmt.Sprintf("%q is not expected here", m[2]), ""
	}
	if m := notBool.FindStringSubmatch(said); m != nil {
		return fmt.Sprintf("the whole is %s, and must be true or false", typeName(m[1])), `compare it, such as with != ""`
	}
	if m := mismatched.FindStringSubmatch(said); m != nil {
		return fmt.Sprintf("%s can't stand between %s and %s", m[1], typeName(m[2]), typeName(m[3])), "numbers are written without quotes, texts with them"
	}
	return said, ""
}

// typeName gives a type of the library's in our words.
func typeName(t string) string {
	switch t {
	case "string":
		return "text"
	case "int", "int64":
		return "a whole number"
	case "bool":
		return "true or false"
	}
	if strings.HasPrefix(t, "map[") {
		return "a table"
	}
	if strings.HasPrefix(t, "[]") {
		return "a list"
	}
	return t
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
