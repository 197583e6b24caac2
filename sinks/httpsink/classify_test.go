package httpsink

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

func TestClassify(t *testing.T) {
	const recipient, event = bridge.ThisRecipient, bridge.ThisEvent
	want := map[int]bridge.DeliveryError{
		401: {Scope: recipient, Down: true, AtLeast: 5 * time.Minute, Status: "misconfigured"},
		403: {Scope: recipient, Down: true, AtLeast: 5 * time.Minute, Status: "misconfigured"},
		404: {Scope: recipient},
		405: {Scope: recipient},
		407: {Scope: recipient, Down: true, Status: "misconfigured"},
		408: {Scope: recipient},
		410: {Scope: recipient, Down: true, AtLeast: time.Hour, Status: "gone"},
		425: {Scope: recipient},
		429: {Scope: recipient},
		502: {Scope: recipient},
		503: {Scope: recipient},
		504: {Scope: recipient},
	}
	for status := 100; status < 600; status++ {
		w, ok := want[status]
		if !ok {
			w = bridge.DeliveryError{Scope: event}
		}
		if got := *classify(status); got != w {
			t.Errorf("%d: got %+v, want %+v", status, got, w)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, c := range []struct {
		name, value, date string
		want              time.Duration
	}{
		{name: "none"},
		{name: "seconds", value: "120", want: 2 * time.Minute},
		{name: "blanks around", value: " 7 ", want: 7 * time.Second},
		{name: "zero", value: "0"},
		{name: "negative", value: "-5"},
		{name: "beyond an hour", value: "3601", want: time.Hour},
		{name: "277,777 hours", value: "999999999", want: time.Hour},
		{name: "no int64", value: "99999999999999999999999", want: time.Hour},
		{name: "a date", value: at(90 * time.Second), want: 90 * time.Second},
		{name: "a date gone by", value: at(-time.Minute)},
		{name: "a date far away", value: at(1000 * time.Hour), want: time.Hour},
		{name: "its clock is a day ahead", value: at(24*time.Hour + time.Minute), date: at(24 * time.Hour), want: time.Minute},
		{name: "its Date is none", value: at(time.Minute), date: "yesterday", want: time.Minute},
		{name: "words", value: "soon"},
		{name: "a fraction", value: "1.5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := http.Header{}
			if c.value != "" {
				h.Set("Retry-After", c.value)
			}
			if c.date != "" {
				h.Set("Date", c.date)
			}
			if got := retryAfter(h, now); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestParseCodes(t *testing.T) {
	for _, c := range []struct {
		name    string
		list    option.List
		in, out []int
		wantBad []string
	}{
		{name: "a class", list: option.List{"2xx"}, in: []int{200, 202, 299}, out: []int{199, 300}},
		{name: "capitals", list: option.List{"5XX"}, in: []int{500, 599}, out: []int{499}},
		{name: "codes", list: option.List{"200", "409"}, in: []int{200, 409}, out: []int{201, 408}},
		{name: "none", out: []int{200, 0, -1, 600, 1 << 40}},
		{name: "bad", list: option.List{"0xx", "6xx", "xx", "20x", "99", "600", "ok", "-2xx", "22xx", "+2xx", ""},
			wantBad: []string{"0xx", "6xx", "xx", "20x", "99", "600", "ok", "-2xx", "22xx", "+2xx", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, bad := parseCodes(c.list)
			for _, s := range c.in {
				if !set.has(s) {
					t.Errorf("%d is missing", s)
				}
			}
			for _, s := range c.out {
				if set.has(s) {
					t.Errorf("%d is in it", s)
				}
			}
			if !slices.Equal(bad, c.wantBad) {
				t.Errorf("bad = %q, want %q", bad, c.wantBad)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	for retry, bound := range map[int]time.Duration{0: 400 * time.Millisecond, 1: 1600 * time.Millisecond, 2: 2 * time.Second} {
		seen := map[time.Duration]bool{}
		for range 200 {
			d := backoff(quickWaitMin, quickWaitMax, retry, nil)
			if d < quickWaitMin || d > bound {
				t.Fatalf("retry %d waits %s, want %s to %s", retry, d, quickWaitMin, bound)
			}
			seen[d] = true
		}
		if len(seen) < 50 {
			t.Errorf("retry %d: no jitter, %d different waits", retry, len(seen))
		}
	}
}
