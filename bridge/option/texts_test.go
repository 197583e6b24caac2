package option

import (
	"slices"
	"testing"
)

func TestTexts(t *testing.T) {
	for _, tc := range []struct {
		name    string
		in      any
		want    Texts
		wantErr bool
	}{
		{name: "one, as it stands", in: " a, b ", want: Texts{" a, b "}},
		{name: "several", in: []any{"a b", ""}, want: Texts{"a b", ""}},
		{name: "none", in: []any{}, want: Texts{}},
		{name: "a number", in: int64(1), wantErr: true},
		{name: "a number among them", in: []any{"a", int64(1)}, wantErr: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got Texts
			if err := got.UnmarshalTOML(tc.in); (err != nil) != tc.wantErr || !slices.Equal(got, tc.want) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
