package config

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/source/access"
)

// unknown complains about a key that nobody owns.
func (l *loader) unknown(t *table, key string, known []string) {
	hint := ""
	switch near := option.Nearest(key, known); {
	case near != "":
		hint = fmt.Sprintf("did you mean %q?", near)
	case t.name != "" && slices.Contains(topKeys, key):
		hint = "it belongs before the first [table]"
	case t.name == "" && owner(key) != "":
		hint = "did you mean [[" + owner(key) + "]]?"
	case len(known) <= 8:
		hint = "known here: " + strings.Join(known, ", ")
	}
	l.complainAt(t, t.at.key(key), quoteKey(key), "unknown key", hint)
}

// owner gives the whole name of the table of a kind: of http, recipients.http.
func owner(kind string) string {
	for _, group := range []string{"sources", "recipients"} {
		if slices.Contains(kindsOf[group], kind) {
			return group + "." + kind
		}
	}
	return ""
}

// complain adds a problem of a key; without one, of the table itself.
func (l *loader) complain(t *table, key, text, hint string) {
	at := t.at
	if key == "" {
		key = t.name
	} else if p := t.find(key); p != nil {
		at = p
	}
	l.complainAt(t, at, key, text, hint)
}

func (l *loader) complainAt(t *table, at *place, key, text, hint string) {
	at = t.placeOf(at)
	l.report.add(Problem{File: t.file.name, Line: at.line, Column: at.col, Key: key, Text: text, Hint: hint})
}

// owned adds what an owner's check has found. A key that doesn't stand in the
// table is looked for in its defaults, which may be nil.
func (l *loader) owned(t, defaults *table, ps []option.Problem) {
	for _, p := range ps {
		if t.isBad(p.Key) || defaults != nil && defaults.isBad(p.Key) {
			continue
		}
		in, at := t, t.at
		if own := t.find(p.Key); own != nil {
			at = own
		} else if defaults != nil && defaults.find(p.Key) != nil {
			in, at = defaults, defaults.find(p.Key)
		}
		if item := at.item(p.Item - 1); item != nil {
			at = item
		}
		key := p.Key
		if key == "" {
			key = t.name
		}
		p = explained(p)
		l.report.add(Problem{File: in.file.name, Line: at.line, Column: at.col, Key: key, Text: p.Text, Hint: p.Hint,
			Warning: p.Warning || l.looks && p.Outside != nil})
	}
}

// explained says of a file that we may not read whose it is, and who we are.
func explained(p option.Problem) option.Problem {
	var pe *fs.PathError
	if errors.As(p.Outside, &pe) && errors.Is(pe.Err, fs.ErrPermission) {
		r := access.File(pe.Path, pe)
		p.Text, p.Hint = r.Why+"; this process runs as "+access.Whoami(), r.Hint
	}
	return p
}
