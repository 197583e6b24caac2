package macro

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// piece is something that a receiver reads out of a text.
type piece struct {
	kind pieceKind
	text string
}

type pieceKind uint8

const (
	mark    pieceKind = iota // what makes the structure: brackets, ends of elements, comments
	name                     // of a pair, an element, an attribute
	data                     // a text, an attribute's value
	address                  // the value of an attribute that is a URL
	code                     // what a reader runs: scripts, styles, their attributes
)

// reading is a text as a receiver reads it.
type reading struct {
	pieces []piece
	err    string // why it can't be read; empty: it can
	at     int    // where, in bytes
}

func (r *reading) add(k pieceKind, text string) { r.pieces = append(r.pieces, piece{k, text}) }

// parse reads a text of the check's kind.
func (c *check) parse(text string) reading {
	switch c.kind {
	case JSONText:
		return readJSON(text)
	case JSONLines:
		return readJSONLines(text)
	case FormText:
		return readForm(text)
	case HTMLText:
		return readHTML(text)
	default:
		return readXML(text)
	}
}

// misplaced says where the first token of a piece stands, if none may stand
// there; i is its part.
func (c *check) misplaced(p piece) (i int, why string) {
	before, rest, ok := strings.Cut(p.text, c.word)
	if !ok {
		return 0, ""
	}
	switch {
	case p.kind == mark:
		why = "in a comment or a declaration"
	case p.kind == name:
		why = "in a name"
	case p.kind == code || p.kind == address && isScript(before):
		why = "in a script or a style"
	case p.kind == address && !strings.ContainsAny(before, "/?#:"):
		why = "at the beginning of an address, which a value must not choose"
	}
	return index(rest), why
}

// isScript reports whether an address that begins so is run or shown in its
// own right. Readers skip control characters and blanks in a scheme.
func isScript(s string) bool {
	s = strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, s))
	return strings.HasPrefix(s, "javascript:") || strings.HasPrefix(s, "vbscript:") || strings.HasPrefix(s, "data:")
}

func readJSON(text string) (r reading) {
	var all any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		r.err, r.at = "no JSON: "+err.Error(), len(text)
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) && syntax.Offset <= int64(len(text)) && !strings.Contains(err.Error(), "end of JSON") {
			r.at = int(syntax.Offset) - 1
		}
		return r
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var names nameFinder
	for {
		tok, err := dec.Token()
		if err != nil {
			return r // the end
		}
		isName := names.next(tok)
		switch s, ok := tok.(string); {
		case !ok:
			r.add(mark, fmt.Sprintf("%T %v", tok, tok))
		case isName:
			r.add(name, s)
		default:
			r.add(data, s)
		}
	}
}

// nameFinder tells the names in JSON's objects from values.
type nameFinder struct {
	names []bool // of each open object or list: a name comes next
	lists []bool // it is a list
}

// next takes the next token, and reports whether it is a name.
func (f *nameFinder) next(tok json.Token) bool {
	last := len(f.names) - 1
	switch tok {
	case json.Delim('}'), json.Delim(']'):
		f.names, f.lists = f.names[:last], f.lists[:last]
		return false
	}
	isName := last >= 0 && f.names[last]
	if last >= 0 && !f.lists[last] {
		f.names[last] = !isName
	}
	switch tok {
	case json.Delim('{'), json.Delim('['):
		f.names, f.lists = append(f.names, tok == json.Delim('{')), append(f.lists, tok == json.Delim('['))
	}
	return isName
}

func readJSONLines(text string) (r reading) {
	at := 0
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			one := readJSON(strings.TrimRight(line, "\r\n"))
			if one.err != "" {
				return reading{err: one.err, at: at + one.at}
			}
			r.pieces = append(append(r.pieces, one.pieces...), piece{mark, "end of line"})
		}
		at += len(line)
	}
	if len(r.pieces) == 0 {
		return reading{err: "no JSON: it is empty"}
	}
	return r
}

func readForm(text string) (r reading) {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f {
			return reading{err: "a form has no blanks, line ends and letters other than ASCII", at: i}
		}
	}
	at := 0
	for pair := range strings.SplitSeq(text, "&") {
		left, right, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(left)
		value, err2 := url.QueryUnescape(right)
		if err := errors.Join(err, err2); err != nil {
			return reading{err: "no form: a % without two hex digits behind it", at: at}
		}
		r.add(name, key)
		r.add(data, value)
		at += len(pair) + len("&")
	}
	return r
}

func readXML(text string) (r reading) {
	dec := xml.NewDecoder(strings.NewReader(text))
	depth, roots := 0, 0
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return reading{err: "no XML: " + err.Error(), at: int(dec.InputOffset())}
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			r.add(name, tok.Name.Space+" "+tok.Name.Local)
			for _, a := range tok.Attr {
				r.add(name, a.Name.Space+" "+a.Name.Local)
				r.add(data, a.Value)
			}
		case xml.EndElement:
			depth--
			r.add(mark, "end")
		case xml.CharData:
			if depth == 0 && strings.TrimSpace(string(tok)) != "" {
				return reading{err: "no XML: text outside of the one element", at: int(dec.InputOffset()) - 1}
			}
			r.add(data, string(tok))
		case xml.Comment:
			r.add(mark, string(tok))
		case xml.ProcInst:
			r.add(mark, tok.Target+" "+string(tok.Inst))
		case xml.Directive:
			r.add(mark, string(tok))
		}
	}
	if roots != 1 {
		return reading{err: fmt.Sprintf("no XML: %d elements at the top, not one", roots), at: len(text)}
	}
	return r
}

// rawElements have content in which nothing can be escaped, or that is code.
var rawElements = []string{"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"}

// addresses are the attributes that are URLs.
var addresses = []string{
	"href", "src", "action", "formaction", "data", "poster", "background", "cite", "longdesc", "manifest", "ping", "srcset",
	"xlink:href", "codebase", "profile", "usemap", "classid", "archive", "icon", "lowsrc", "dynsrc",
}

func readHTML(text string) (r reading) {
	z := html.NewTokenizer(strings.NewReader(text))
	raw := false
	for {
		if z.Next() == html.ErrorToken {
			return r // the end: any text is HTML
		}
		tok := z.Token()
		switch tok.Type {
		case html.TextToken:
			if raw {
				r.add(code, tok.Data)
			} else {
				r.add(data, tok.Data)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			raw = slices.Contains(rawElements, tok.Data)
			r.add(name, tok.Data)
			for _, a := range tok.Attr {
				r.add(name, a.Key)
				r.add(attribute(a.Key), a.Val)
			}
		case html.EndTagToken:
			raw = false
			r.add(name, "/"+tok.Data)
		default:
			r.add(mark, tok.Data)
		}
	}
}

// attribute gives the kind of an attribute's value.
func attribute(key string) pieceKind {
	switch {
	case strings.HasPrefix(key, "on") || key == "style" || key == "srcdoc":
		return code
	case slices.Contains(addresses, key):
		return address
	}
	return data
}
