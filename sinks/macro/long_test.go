package macro

import (
	"strings"
	"testing"
	"time"
)

// The longest template that a recipient may have is checked soon, and so
// is one whose last token is to blame.
func TestCheckOfLongTemplates(t *testing.T) {
	for _, c := range []struct {
		name, text string
		kind       Kind
		wantOK     bool
	}{
		{"json", "[" + strings.Repeat(`"%%a%%",`, 8000) + "1]", JSONText, true},
		{"html", strings.Repeat("<p>%%a%%", 8000), HTMLText, true},
		{"html, the last one", strings.Repeat("<p>%%a%%", 1000) + "<p a=%%a%%>", HTMLText, false},
		{"xml, deep", strings.Repeat("<a>", 4000) + "%%a%%" + strings.Repeat("</a>", 4000), XMLText, true},
		{"json, deep", strings.Repeat("[", 9000) + "%%a%%" + strings.Repeat("]", 9000), JSONText, true},
		{"form", strings.Repeat("a=%%a%%&", 8000) + "b=1", FormText, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			if f := c.kind.Check(Compile(c.text)); (f == nil) != c.wantOK {
				t.Errorf("%v", f)
			}
			if took := time.Since(begin); took > 20*time.Second { // a search of each token in each would take minutes
				t.Errorf("took %s", took)
			} else {
				t.Logf("took %s", took)
			}
		})
	}
}
