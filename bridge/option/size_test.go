package option

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseSize(t *testing.T) {
	for _, tc := range []struct {
		text   string
		want   Size
		wantOK bool
	}{
		{"0", 0, true},
		{"0B", 0, true},
		{"512B", 512, true},
		{"64KiB", 64 << 10, true},
		{"1MiB", 1 << 20, true},
		{" 10 GiB ", 10 << 30, true},
		{"2TiB", 2 << 40, true},
		{"8388607TiB", 8388607 << 40, true},
		{"8388608TiB", 0, false}, // 2^63
		{"", 0, false},
		{"B", 0, false},
		{"5", 0, false},
		{"-1MiB", 0, false},
		{"1.5GiB", 0, false},
		{"10GB", 0, false},
		{"10gib", 0, false},
		{"99999999999999999999B", 0, false},
	} {
		t.Run(tc.text, func(t *testing.T) {
			got, err := ParseSize(tc.text)
			if got != tc.want || (err == nil) != tc.wantOK {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
}

func TestSizeString(t *testing.T) {
	for s, want := range map[Size]string{0: "0", 1: "1B", 1536: "1536B", 64 << 10: "64KiB", 10 << 30: "10GiB", 1 << 40: "1TiB"} {
		if got := s.String(); got != want {
			t.Errorf("%d prints as %q, want %q", int64(s), got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := Size(rapid.Int64Range(0, math.MaxInt64).Draw(t, "size"))
		if got, err := ParseSize(s.String()); err != nil || got != s {
			t.Fatalf("%d prints as %q, which reads as %d, %v", int64(s), s, got, err)
		}
	})
}

func TestSizeFromTOML(t *testing.T) {
	for _, tc := range []struct {
		name    string
		v       any
		wantErr string
	}{
		{"text", "1MiB", ""},
		{"a bare number of bytes", int64(10 << 30), `10737418240 has no unit; use the string "10GiB"`},
		{"a bare number of odd bytes", int64(1<<30 + 1), `1073741825 has no unit; use the string "1073741825B"`},
		{"a bare number", int64(5), `5 has no unit; use a string such as "5MiB", or "5B" for bytes`},
		{"a negative number", int64(-1), "not a size"},
		{"a boolean", true, "not a size"},
		{"a table", map[string]any{}, "not a size"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := Size(7)
			err := s.UnmarshalTOML(tc.v)
			if (err == nil) != (tc.wantErr == "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("got %v, want %q", err, tc.wantErr)
			}
			if err != nil && s != 7 {
				t.Errorf("an error has changed the value to %v", s)
			}
		})
	}
}
