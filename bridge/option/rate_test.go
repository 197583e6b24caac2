package option

import (
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	for _, test := range []struct {
		text      string
		want      Rate
		wantEvery time.Duration
		wantErr   string
	}{
		{text: "", want: Rate{}},
		{text: "50/s", want: Rate{50, time.Second}, wantEvery: 20 * time.Millisecond},
		{text: "100/m", want: Rate{100, time.Minute}, wantEvery: 600 * time.Millisecond},
		{text: " 1 / h ", want: Rate{1, time.Hour}, wantEvery: time.Hour},
		{text: "3/s", want: Rate{3, time.Second}, wantEvery: 333_333_334}, // never faster
		{text: "50", wantErr: `"50" is no rate; use a number of times a second, minute or hour, such as "50/s", "100/m" or "1/h"`},
		{text: "/s", wantErr: `"/s" is no rate; use a number of times a second, minute or hour, such as "50/s", "100/m" or "1/h"`},
		{text: "5/d", wantErr: `"5/d" is no rate; use a number of times a second, minute or hour, such as "50/s", "100/m" or "1/h"`},
		{text: "0.5/s", wantErr: `"0.5/s" is no rate; use a number of times a second, minute or hour, such as "50/s", "100/m" or "1/h"`},
		{text: "0/s", wantErr: `"0/s" is out of range: use 1 to 1000000 times`},
		{text: "-1/s", wantErr: `"-1/s" is out of range: use 1 to 1000000 times`},
		{text: "1000001/s", wantErr: `"1000001/s" is out of range: use 1 to 1000000 times`},
	} {
		var got Rate
		err := got.UnmarshalText([]byte(test.text))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != test.want || text != test.wantErr || got.Every() != test.wantEvery {
			t.Errorf("%q: got %+v, every %v, %q", test.text, got, got.Every(), text)
		}
		if again := got.String(); err == nil && again != "" {
			var same Rate
			if same.UnmarshalText([]byte(again)) != nil || same != got {
				t.Errorf("%q is written as %q", test.text, again)
			}
		}
	}
}
