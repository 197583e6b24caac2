package httpsink

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/macro"
)

// templateMax bounds a template, in bytes.
const templateMax = 64 << 10

// checkTemplate reads the template and finds all that is wrong with it.
func (o *Options) checkTemplate(dir string) []option.Problem {
	key, ps := o.readTemplate(dir)
	if len(ps) > 0 {
		return ps
	}
	if o.Body != bodyTemplate {
		if key != "" {
			ps = append(ps, option.Problem{Key: key, Text: fmt.Sprintf("body %q has no template", o.Body), Hint: `use body = "template", or set it to ""`})
		}
		return ps
	}
	if key == "" {
		return []option.Problem{{Key: "template", Text: "is missing", Hint: `body = "template" needs template or template_file`}}
	}
	kind, err := macro.KindOf(o.contentType())
	if err != nil {
		return []option.Problem{{Key: "content_type", Text: err.Error(), Hint: "use " + macro.MediaTypes}}
	}
	if kind == macro.FormText {
		o.text = strings.TrimRight(o.text, "\r\n") // else a part of the last value
	}
	t := macro.Compile(o.text)
	if f := kind.Check(t); f != nil {
		hint := f.Hint
		if hint == "" && o.ContentType == "" {
			hint = "name content_type if it is no JSON"
		}
		ps = append(ps, option.Problem{Key: key, Text: fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Text), Hint: hint})
	}
	return append(ps, t.Doubts(key, o.Fields, o.AllFields)...)
}

// readTemplate gives the key that has the template, and keeps its text.
func (o *Options) readTemplate(dir string) (key string, ps []option.Problem) {
	o.text = ""
	if o.TemplateFile == "" {
		if o.Template == "" {
			return "", nil
		}
		key, o.text = "template", o.Template
	} else {
		key = "template_file"
		if o.Template != "" {
			return key, []option.Problem{{Key: "template", Text: "is given more than once", Hint: "use one of template_file and template"}}
		}
		o.TemplateFile = option.AbsPath(o.TemplateFile, dir)
		text, err := readText(o.TemplateFile)
		if err != nil {
			return key, []option.Problem{{Key: key, Text: err.Error()}}
		}
		o.text = strings.TrimPrefix(text, "\uFEFF")
	}
	switch {
	case len(o.text) > templateMax:
		ps = append(ps, option.Problem{Key: key, Text: "is longer than 64 KiB"})
	case !utf8.ValidString(o.text):
		ps = append(ps, option.Problem{Key: key, Text: "is no UTF-8"})
	case strings.TrimSpace(o.text) == "":
		ps = append(ps, option.Problem{Key: key, Text: "is empty"})
	}
	return key, ps
}

// readText reads a file, of which one byte more than templateMax at most.
func readText(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, templateMax+1))
	return string(b), err
}
