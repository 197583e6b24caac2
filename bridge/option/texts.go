package option

import (
	"errors"
	"fmt"
)

// Texts is one text or an array of them, each taken as it stands: unlike List,
// a comma or blank in a text is part of it.
type Texts []string

// UnmarshalTOML takes a string or an array of strings.
func (t *Texts) UnmarshalTOML(v any) error {
	switch v := v.(type) {
	case string:
		*t = Texts{v}
		return nil
	case []any:
		out := Texts{}
		for i, e := range v {
			s, ok := e.(string)
			if !ok {
				return fmt.Errorf("entry %d is no text; use ['a', 'b']", i+1)
			}
			out = append(out, s)
		}
		*t = out
		return nil
	}
	return errors.New("no text; use 'a' or ['a', 'b']")
}
