package macro

import (
	"fmt"
	"mime"
	"strings"
)

// Kind is what a whole text is. It decides how values are escaped in it, and
// what Check asks of it.
type Kind uint8

// The kinds of texts that values can be made safe for.
const (
	PlainText Kind = iota
	JSONText
	JSONLines // a JSON value a line
	FormText
	HTMLText
	XMLText
)

// Escape gives the escape for values in such a text.
func (k Kind) Escape() Escape {
	switch k {
	case JSONText, JSONLines:
		return JSON
	case FormText:
		return Form
	case HTMLText, XMLText:
		return HTML
	default:
		return Plain
	}
}

// kinds names the media types whose values can be made safe.
var kinds = map[string]Kind{
	"text/plain":                        PlainText,
	"text/markdown":                     PlainText,
	"application/json":                  JSONText,
	"text/json":                         JSONText,
	"application/x-ndjson":              JSONLines,
	"application/ndjson":                JSONLines,
	"application/jsonl":                 JSONLines,
	"application/x-www-form-urlencoded": FormText,
	"text/html":                         HTMLText,
	"application/xml":                   XMLText,
	"text/xml":                          XMLText,
}

// MediaTypes is for messages: what KindOf knows, in words.
const MediaTypes = "application/json (or another +json), application/x-ndjson, application/x-www-form-urlencoded, text/plain, text/html, application/xml (or another +xml)"

// KindOf gives the kind of a content type. It refuses one in which values
// can't be made safe, and another charset than UTF-8, which is what we write.
func KindOf(contentType string) (Kind, error) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return 0, fmt.Errorf("%q is no content type", contentType)
	}
	if c := params["charset"]; c != "" && !strings.EqualFold(c, "utf-8") && !strings.EqualFold(c, "us-ascii") {
		return 0, fmt.Errorf("the charset %q: texts are sent in UTF-8", c)
	}
	if k, ok := kinds[media]; ok {
		return k, nil
	}
	switch {
	case strings.HasSuffix(media, "+json"):
		return JSONText, nil
	case media == "application/xhtml+xml" || media == "image/svg+xml": // scripts, read as XML
	case strings.HasSuffix(media, "+xml"):
		return XMLText, nil
	}
	return 0, fmt.Errorf("nobody knows how values are made safe in %s", media)
}
