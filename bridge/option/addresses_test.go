package option

import (
	"strings"
	"testing"
)

func TestCheckAddresses(t *testing.T) {
	for _, tc := range []struct {
		name string
		list string
		want string // of the first problem
	}{
		{"none", "", ""},
		{"two", "a@example.com; b@example.com", ""},
		{"not ASCII", "störung@example.com", ""},
		{"no address", "nobody", `k: "nobody": is no mail address`},
		{"too long", strings.Repeat("a", 250) + "@example.com", "is longer than 254 characters"},
		{"twice", "a@example.com, A@Example.com", `"A@Example.com" is there twice`},
		{"eleven", strings.Repeat("a@example.com ", 11), "has 11 addresses"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ""
			if ps := CheckAddresses("k", ParseList(tc.list)); len(ps) > 0 {
				got = ps[0].String()
			}
			if !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestParseAddress(t *testing.T) {
	for _, tc := range []struct {
		text, want string // want: the address; "": an error
	}{
		{"a@example.com", "a@example.com"},
		{"Ops <a@example.com>", "a@example.com"},
		{"\"a b\"@example.com", ""},
		{"a@example.com\r\nRCPT TO:<b@example.com>", ""},
		{"a", ""},
	} {
		a, err := ParseAddress(tc.text)
		if (err != nil) != (tc.want == "") || err == nil && a.Address != tc.want {
			t.Errorf("%q: %v, %v", tc.text, a, err)
		}
	}
}
