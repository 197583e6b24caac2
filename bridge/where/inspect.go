package where

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/tailpost/tailpost/bridge"
)

// inspect parses an expression and refuses what is not of our part of the
// language. It gives the names of the fields in it.
func inspect(text string) (used map[string]bool, err error) {
	c := conf.CreateNew()
	for _, o := range language() {
		o(c)
	}
	for name := range c.Disabled {
		delete(c.Builtins, name)
	}
	tree, err := parser.ParseWithConfig(text, c)
	if err != nil {
		return nil, translate(err)
	}
	in := inspector{source: tree.Source, used: map[string]bool{}}
	in.node(tree.Node)
	if in.err != nil {
		return nil, in.err
	}
	return in.used, nil
}

// inspector goes over a tree and keeps the first thing that is wrong.
type inspector struct {
	source file.Source
	used   map[string]bool
	err    error
}

var (
	fieldNames = append(bridge.Tokens(), tables...)
	unary      = []string{"not", "!"}
	binary     = []string{"==", "!=", "<", "<=", ">", ">=", "and", "&&", "or", "||", "in", "contains", "startsWith", "endsWith", "matches"}
)

func (in *inspector) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		in.field(n)
	case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode:
	case *ast.ArrayNode:
		in.list(n)
	case *ast.UnaryNode:
		if _, number := n.Node.(*ast.IntegerNode); !slices.Contains(unary, n.Operator) && !(n.Operator == "-" && number) {
			in.refuse(n, fmt.Sprintf("the operator %s is not known here", n.Operator))
		}
		in.node(n.Node)
	case *ast.BinaryNode:
		if !slices.Contains(binary, n.Operator) {
			in.refuse(n, fmt.Sprintf("the operator %s is not known here", n.Operator))
		}
		in.node(n.Left)
		in.right(n)
	case *ast.MemberNode:
		in.member(n)
	case *ast.BuiltinNode:
		if n.Name != "lower" {
			in.refuse(n, fmt.Sprintf("the function %s is not known here", n.Name))
		}
		for _, a := range n.Arguments {
			in.node(a)
		}
	case *ast.CallNode:
		in.refuse(n, "there is no such function; lower() is the only one")
	default:
		in.refuse(n, "this is not part of the language")
	}
}

func (in *inspector) field(n *ast.IdentifierNode) {
	if !slices.Contains(fieldNames, n.Value) {
		text, hint := unknownField(n.Value)
		in.refuseHint(n, text, hint)
	}
	in.used[n.Value] = true
}

// right is the right side of an operator. A regular expression is written
// out, so that it is compiled once.
func (in *inspector) right(n *ast.BinaryNode) {
	if n.Operator == "matches" {
		s, ok := n.Right.(*ast.StringNode)
		if !ok {
			in.refuse(n.Right, "the regular expression behind matches must be written out in quotes")
			return
		}
		if _, err := regexp.Compile(s.Value); err != nil {
			in.refuse(s, err.Error())
		}
		return
	}
	if n.Operator == "in" {
		switch r := n.Right.(type) {
		case *ast.ArrayNode:
		case *ast.IdentifierNode:
			if slices.Contains(bridge.Tokens(), r.Value) {
				in.refuseHint(r, r.Value+" is no list", "use contains for a part of a text")
			}
		default:
			in.refuse(r, `behind in stands a list, such as ["a", "b"], or custom, extra or survey`)
		}
	}
	in.node(n.Right)
}

// list takes constants of one type.
func (in *inspector) list(n *ast.ArrayNode) {
	texts := 0
	for _, e := range n.Nodes {
		switch e := e.(type) {
		case *ast.StringNode:
			texts++
		case *ast.IntegerNode:
		default:
			in.refuse(e, "a list holds texts or whole numbers, written out")
		}
	}
	if texts != 0 && texts != len(n.Nodes) {
		in.refuse(n, "a list holds either texts or whole numbers")
	}
}

func (in *inspector) member(n *ast.MemberNode) {
	of, ok := n.Node.(*ast.IdentifierNode)
	name, written := n.Property.(*ast.StringNode)
	switch {
	case !ok || !slices.Contains(tables, of.Value):
		in.refuse(n, `only custom, extra and survey have parts, such as custom["region"]`)
	case !written || n.Optional || n.Method:
		in.refuse(n, fmt.Sprintf(`the name of a part is written out, such as %s["region"]`, of.Value))
	default:
		in.node(of)
		in.node(name)
	}
}

func (in *inspector) refuse(n ast.Node, text string) { in.refuseHint(n, text, "") }

func (in *inspector) refuseHint(n ast.Node, text, hint string) {
	if in.err != nil {
		return
	}
	at := (&file.Error{Location: n.Location()}).Bind(in.source)
	in.err = &Error{Line: at.Line, Column: at.Column + 1, Text: text, Hint: hint}
}
