package option

import (
	"strings"
	"testing"
)

func TestProblemString(t *testing.T) {
	for _, tc := range []struct {
		p    Problem
		want string
	}{
		{Problem{Key: "url", Text: "is missing", Hint: "give one"}, "url: is missing; give one"},
		{Problem{Text: "no recipient"}, "no recipient"},
		{Problem{Key: "keep", Text: "is too long", Warning: true}, "keep: is too long"},
	} {
		if got := tc.p.String(); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"name", "url", "events", "order", "retry_interval", "retry_duration", "max_retry_interval", "a"}
	for _, tc := range []struct{ word, want string }{
		{"retry_intervall", "retry_interval"},
		{"retry-interval", "retry_interval"},
		{"rety_duraton", "retry_duration"},
		{"URL", "url"},
		{"ulr", "url"}, // two neighbours swapped are one edit
		{"evnts", "events"},
		{"order", "order"},
		{"template", ""},
		{"", ""},
		{"x", ""}, // one letter for another is no typing mistake
		{strings.Repeat("x", 100_000), ""},
	} {
		if got := Nearest(tc.word, known); got != tc.want {
			t.Errorf("%.20q: got %q, want %q", tc.word, got, tc.want)
		}
	}
	if got := Nearest("name", nil); got != "" {
		t.Errorf("of no words: %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "abc", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abd", 1}, {"abc", "ab", 1}, {"ab", "ba", 1}, {"kitten", "sitting", 3},
	} {
		if got := distance(tc.a, tc.b); got != tc.want {
			t.Errorf("%q to %q: %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}
