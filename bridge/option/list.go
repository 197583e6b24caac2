package option

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// List is a list of words: an array, or one string of words parted by commas,
// semicolons or blanks. Whole numbers count as words, for status codes.
type List []string

// ParseList parts a string into its words.
func ParseList(s string) List {
	return strings.FieldsFunc(s, func(r rune) bool {
		return r == ',' || r == ';' || r == ' ' || r == '\t' || r == '\n' || r == '\r'
	})
}

// UnmarshalTOML takes an array of strings and integers, or one of them.
func (l *List) UnmarshalTOML(v any) error {
	switch v := v.(type) {
	case string:
		*l = ParseList(v)
		return nil
	case int64:
		*l = List{strconv.FormatInt(v, 10)}
		return nil
	case []any:
		out := List{}
		for i, e := range v {
			switch e := e.(type) {
			case string:
				out = append(out, strings.TrimSpace(e))
			case int64:
				out = append(out, strconv.FormatInt(e, 10))
			default:
				return fmt.Errorf("entry %d is no text; use [\"a\", \"b\"]", i+1)
			}
		}
		*l = out
		return nil
	}
	return errors.New("not a list; use [\"a\", \"b\"] or \"a, b\"")
}
