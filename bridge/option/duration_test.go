package option

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	for _, tc := range []struct {
		text    string
		want    time.Duration
		wantErr string // a part of it
	}{
		{text: "30s", want: 30 * time.Second},
		{text: "250ms", want: 250 * time.Millisecond},
		{text: "1h30m", want: 90 * time.Minute},
		{text: "1.5h", want: 90 * time.Minute},
		{text: "30d", want: 30 * day},
		{text: "1d12h", want: day + 12*time.Hour},
		{text: " 10m ", want: 10 * time.Minute},
		{text: "0", want: 0},
		{text: "0s", want: 0},
		{text: "0d", want: 0},
		{text: "100000d", want: 100000 * day},
		{text: "5", wantErr: `"5" has no unit; use "5s"`},
		{text: "1d5", wantErr: `has no unit; use "1d5s"`},
		{text: "", wantErr: "no duration"},
		{text: "d", wantErr: "no duration"},
		{text: "-5", wantErr: "no duration"},
		{text: "-5s", wantErr: "no duration"},
		{text: "-1d", wantErr: "no duration"},
		{text: "1d-5h", wantErr: "no duration"},
		{text: "1.5d", wantErr: "no duration"},
		{text: "1e3", wantErr: "no duration"},
		{text: "inf", wantErr: "no duration"},
		{text: "5 minutes", wantErr: "no duration"},
		{text: "100001d", wantErr: "no duration"},
		{text: "99999999999999999999d", wantErr: "no duration"},
		{text: "100000d2562047h", wantErr: "no duration"}, // over 2^63 ns together
		{text: "9999999h", wantErr: "no duration"},
	} {
		t.Run(tc.text, func(t *testing.T) {
			got, err := ParseDuration(tc.text)
			switch {
			case tc.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tc.wantErr)):
				t.Errorf("got %v, %v; want an error with %q", got, err, tc.wantErr)
			case tc.wantErr == "" && (err != nil || got.D() != tc.want):
				t.Errorf("got %v, %v; want %v", got.D(), err, tc.want)
			}
		})
	}
}

func TestDurationString(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 30 * time.Second: "30s", 10 * time.Minute: "10m", time.Hour: "1h", 90 * time.Minute: "1h30m",
		time.Hour + time.Second: "1h0m1s", 24 * time.Hour: "1d", 30 * 24 * time.Hour: "30d", 25 * time.Hour: "25h",
		250 * time.Millisecond: "250ms",
	} {
		if got := Duration(d).String(); got != want {
			t.Errorf("%d ns print as %q, want %q", d, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "ns"))
		if got, err := ParseDuration(d.String()); err != nil || got != d {
			t.Fatalf("%d prints as %q, which reads as %d, %v", d, d, got, err)
		}
	})
}

func TestDurationFromTOML(t *testing.T) {
	for _, tc := range []struct {
		name    string
		v       any
		wantErr string
	}{
		{"text", "5s", ""},
		{"a bare number", int64(5), `5 has no unit; use "5s"`},
		{"a negative number", int64(-5), "not a duration"},
		{"a float", 1.5, "not a duration"},
		{"a boolean", true, "not a duration"},
		{"a list", []any{"5s"}, "not a duration"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := Duration(7)
			err := d.UnmarshalTOML(tc.v)
			if (err == nil) != (tc.wantErr == "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("got %v, want %q", err, tc.wantErr)
			}
			if err != nil && d != 7 {
				t.Errorf("an error has changed the value to %v", d)
			}
		})
	}
}
