package parsers

import (
	"fmt"
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

// maxFields is how many fields a line may have.
const maxFields = 1000

// scanMax is up to how many fields a bag compares names instead of hashing.
const scanMax = 48

// bag holds the fields of one line until they have found their places. Names
// are unique: the first one counts.
type bag struct {
	fields []field
	index  map[string]struct{} // the names, once there are more than scanMax
}

type field struct {
	bridge.Field
	as    string // the canonical name that it may be taken by
	taken bool
}

func (b *bag) reset() {
	clear(b.fields) // no line is kept alive by a bag
	b.fields = b.fields[:0]
	b.index = nil
}

// add takes a field that may be taken as as. It refuses what is too much.
func (b *bag) add(f bridge.Field, as string) error {
	if f.Name == "" && f.Value == "" {
		return nil
	}
	if b.has(f.Name) {
		return nil
	}
	if len(b.fields) >= maxFields {
		return fmt.Errorf("more than %d fields", maxFields)
	}
	b.fields = append(b.fields, field{Field: f, as: as})
	switch {
	case b.index != nil:
		b.index[f.Name] = struct{}{}
	case len(b.fields) > scanMax:
		b.index = make(map[string]struct{}, 2*scanMax)
		for i := range b.fields {
			b.index[b.fields[i].Name] = struct{}{}
		}
	}
	return nil
}

func (b *bag) has(name string) bool {
	if b.index != nil {
		_, ok := b.index[name]
		return ok
	}
	for i := range b.fields {
		if b.fields[i].Name == name {
			return true
		}
	}
	return false
}

// find gives the field that may be taken as as.
func (b *bag) find(as string) *field {
	for i := range b.fields {
		if f := &b.fields[i]; f.as == as && !f.taken {
			return f
		}
	}
	return nil
}

// peek gives the text of the field that may be taken as as, without taking it.
func (b *bag) peek(as string) string {
	if f := b.find(as); f != nil {
		s, _ := f.text()
		return s
	}
	return ""
}

// take gives the text of the field that may be taken as as, and takes it out
// of the bag. A JSON value that is no text stays in.
func (b *bag) take(as string) string {
	f := b.find(as)
	if f == nil {
		return ""
	}
	s, ok := f.text()
	f.taken = ok
	return s
}

// alias lets the field called name be taken as as, unless another field that
// says something can be already.
func (b *bag) alias(name, as string) {
	if f := b.find(as); f != nil {
		if s, ok := f.text(); !ok || !empty(s) {
			return
		}
		f.as = ""
	}
	for i := range b.fields {
		if f := &b.fields[i]; f.Name == name && !f.taken {
			f.as = as
			return
		}
	}
}

// supply adds a field where the bag has none of that name that says something.
func (b *bag) supply(f bridge.Field) bool {
	if old := b.find(f.Name); old != nil {
		if s, ok := old.text(); !ok || !empty(s) {
			return false
		}
		old.taken = true
	}
	b.fields = append(b.fields, field{Field: f, as: f.Name})
	return true
}

// value gives the text of the field of that name, taken or not.
func (b *bag) value(name string) string {
	for i := range b.fields {
		if b.fields[i].Name == name {
			s, _ := b.fields[i].text()
			return s
		}
	}
	return ""
}

// dropLast takes the last field out: a cut line's is not whole.
func (b *bag) dropLast() {
	if n := len(b.fields); n > 0 {
		b.fields[n-1].taken = true
	}
}

// text gives a string's text or a number as it was written. A null is empty;
// any other JSON value is no text.
func (f *field) text() (string, bool) {
	switch {
	case !f.JSON:
		return f.Value, true
	case f.Value == "null":
		return "", true
	case f.Value != "" && strings.IndexByte("-0123456789", f.Value[0]) >= 0:
		return f.Value, true
	}
	return "", false
}

// empty reports whether a detail of a member says nothing.
func empty(s string) bool { return s == "" || s == "Unknown" }
