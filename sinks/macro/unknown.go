package macro

import (
	"fmt"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// Doubts warns of the tokens in Unknown, as problems of the key that the
// template stands in, with the list of those that are known.
func (t Template) Doubts(key string) []option.Problem {
	var ps []option.Problem
	for _, name := range t.Unknown() {
		hint := "known are " + strings.Join(Known(), ", ") + ", survey_NAME, and the names of custom fields and of the input's other fields"
		if near := option.Nearest(strings.ToLower(name), Known()); near != "" {
			hint = fmt.Sprintf("did you mean %%%%%s%%%%? %s", near, hint)
		}
		ps = append(ps, option.Problem{
			Key: key, Text: fmt.Sprintf("%%%%%s%%%% is empty unless the input has such a field", name), Hint: hint, Warning: true,
		})
	}
	return ps
}
