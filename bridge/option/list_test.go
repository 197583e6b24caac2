package option

import (
	"slices"
	"testing"
	"time"
)

func TestListFromTOML(t *testing.T) {
	for _, tc := range []struct {
		name    string
		v       any
		want    List
		wantErr bool
	}{
		{name: "one string with all separators", v: "a@x, b@x; c@x\td@x\n", want: List{"a@x", "b@x", "c@x", "d@x"}},
		{name: "an empty string", v: "", want: List{}},
		{name: "one number", v: int64(200), want: List{"200"}},
		{name: "an array", v: []any{" a ", "b c"}, want: List{"a", "b c"}},
		{name: "numbers and text", v: []any{int64(400), "5xx"}, want: List{"400", "5xx"}},
		{name: "an empty array", v: []any{}, want: List{}},
		{name: "a boolean", v: true, wantErr: true},
		{name: "a float in an array", v: []any{"a", 1.5}, wantErr: true},
		{name: "an array in an array", v: []any{[]any{"a"}}, wantErr: true},
		{name: "a date", v: time.Time{}, wantErr: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := List{"before"}
			err := got.UnmarshalTOML(tc.v)
			if tc.wantErr {
				tc.want = List{"before"}
			}
			if (err != nil) != tc.wantErr || !slices.Equal(got, tc.want) {
				t.Errorf("got %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}
