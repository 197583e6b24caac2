// Package where is the small language of the setting where: an expression
// over the fields of an event that is true or false.
//
//	external_key != "" and type == "customer"
//	custom["region"] in ["emea", "apac"]
//	lower(conference_name) contains "vip" or name matches "^ops-[0-9]+$"
//
// The fields are those of the canonical event under their names: text, but
// for timestamp and gsnumber, which are whole numbers. custom, extra and
// survey are asked for a name in brackets; one that the event doesn't have is
// the empty text, and "x" in custom tells the two apart. There are
// comparisons (== != < <= > >=), and, or, not (also && || !), in, contains,
// startsWith, endsWith, matches (a regular expression in Go's syntax, written
// out), lower() and constants. Nothing else of the library's language is
// taken: no loops, no arithmetic, no variables, so that an evaluation costs no
// more than its text and the event allow. Of a value the first 64 KiB count.
//
// Types are checked when the text is compiled: an expression that compiles is
// not known to fail.
package where

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/tailpost/tailpost/bridge"
)

// TextMax bounds an expression, in bytes.
const TextMax = 4 << 10

// nodesMax bounds its parts: names, constants, operators.
const nodesMax = 500

// valueMax is how much of a value counts, in bytes.
const valueMax = 64 << 10

// Expr is a compiled expression. It may be used by several goroutines.
type Expr struct {
	program *vm.Program
	used    map[string]bool // names that stand in it
}

// Compile reads an expression. An error is an *Error.
func Compile(text string) (*Expr, error) {
	if len(text) > TextMax {
		return nil, &Error{Line: 1, Column: 1, Text: fmt.Sprintf("is longer than %d bytes", TextMax)}
	}
	if strings.TrimSpace(text) == "" {
		return nil, &Error{Line: 1, Column: 1, Text: "is empty", Hint: "leave it out for all events"}
	}
	used, err := inspect(text)
	if err != nil {
		return nil, err
	}
	program, cerr := expr.Compile(text, append(language(), expr.Env(fields{}), expr.AsBool())...)
	if cerr != nil {
		return nil, translate(cerr)
	}
	return &Expr{program: program, used: used}, nil
}

// language is what is taken of the library's language.
func language() []expr.Option {
	return []expr.Option{
		expr.DisableAllBuiltins(), expr.EnableBuiltin("lower"), expr.DisableIfOperator(), expr.MaxNodes(nodesMax),
	}
}

// Match reports whether the expression is true of the event.
func (x *Expr) Match(e *bridge.Event) (bool, error) {
	out, err := vm.Run(x.program, x.fields(e))
	if err != nil {
		return false, fmt.Errorf("where: %w", translate(err))
	}
	is, ok := out.(bool)
	if !ok {
		return false, fmt.Errorf("where: gave a %T", out)
	}
	return is, nil
}
