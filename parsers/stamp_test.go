package parsers

import (
	"testing"
	"time"
)

func utc(year int, month time.Month, day, hour, min, sec int) time.Time {
	return time.Date(year, month, day, hour, min, sec, 0, time.UTC)
}

func TestYearIsInferred(t *testing.T) {
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		text string
		now  time.Time
		zone *time.Location
		want time.Time
	}{
		{"this year", "Dec  3 15:26:05", utc(2024, 12, 4, 8, 0, 0), time.UTC, utc(2024, 12, 3, 15, 26, 5)},
		{"two seconds ahead", "Dec  3 15:26:07", utc(2024, 12, 3, 15, 26, 5), time.UTC, utc(2024, 12, 3, 15, 26, 7)},
		{"old year's line in the new year", "Dec 31 23:59:59", utc(2025, 1, 1, 0, 0, 1), time.UTC, utc(2024, 12, 31, 23, 59, 59)},
		{"new year's line in the old year", "Jan  1 00:00:01", utc(2024, 12, 31, 23, 59, 59), time.UTC, utc(2025, 1, 1, 0, 0, 1)},
		{"a day ahead", "Dec 4 15:26:05", utc(2024, 12, 3, 15, 26, 5), time.UTC, utc(2024, 12, 4, 15, 26, 5)},
		{"more than a day ahead", "Dec 4 15:26:06", utc(2024, 12, 3, 15, 26, 5), time.UTC, utc(2023, 12, 4, 15, 26, 6)},
		{"half a year back", "Jul 10 12:00:00", utc(2025, 1, 5, 0, 0, 0), time.UTC, utc(2024, 7, 10, 12, 0, 0)},
		{"29 February", "Feb 29 12:00:00", utc(2027, 1, 5, 0, 0, 0), time.UTC, utc(2024, 2, 29, 12, 0, 0)},
		{"the zone's winter", "Dec 03 15:26:05", utc(2024, 12, 4, 8, 0, 0), vienna, utc(2024, 12, 3, 14, 26, 5)},
		{"the zone's summer", "Jul 03 15:26:05", utc(2024, 12, 4, 8, 0, 0), vienna, utc(2024, 7, 3, 13, 26, 5)},
		{"the zone's new year", "Jan  1 00:30:00", utc(2024, 12, 31, 23, 30, 1), vienna, utc(2024, 12, 31, 23, 30, 0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, rest, ok := cutClock(tt.text)
			if !ok || rest != "" {
				t.Fatalf("not a time; rest %q", rest)
			}
			got, ok := c.near(tt.now, tt.zone)
			if !ok || got != tt.want.Unix() {
				t.Errorf("got %v, want %v", time.Unix(got, 0).UTC(), tt.want)
			}
		})
	}
}

func TestClockRefuses(t *testing.T) {
	for _, s := range []string{
		"", "Dec", "Dec 3", "Dec 32 15:26:05", "Dec 0 15:26:05", "Dec 3 24:00:00", "Dec 3 15:60:05", "Dec 3 15-26-05", "ecJ 3 15:26:05 x",
		"dec 3 15:26:05", "Dec   3 15:26:05", "Dec 123 15:26:05", "Dec x 15:26:05", "Dec 3 15:26:0", "Dec 3 1526:05:11",
	} {
		if c, _, ok := cutClock(s); ok {
			t.Errorf("%q was read as %+v", s, c)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, tt := range []struct {
		text   string
		want   int64
		wantOK bool
	}{
		{"1733239565", 1733239565, true},
		{"1733239565.9", 1733239565, true},
		{"1.733239565e9", 1733239565, true},
		{"2024-12-03T15:26:05Z", 1733239565, true},
		{"2024-12-03T16:26:05.5+01:00", 1733239565, true},
		{"1733239565000", 0, false}, // milliseconds
		{"0", 0, false},
		{"-5", 0, false},
		{"", 0, false},
		{"NaN", 0, false},
		{"Inf", 0, false},
		{"0x10", 0, false},
		{"1e300", 0, false},
		{"99999999999999999999999999", 0, false},
		{"1969-12-31T23:59:59Z", 0, false},
		{"yesterday", 0, false},
	} {
		got, ok := anyTime(tt.text)
		if ok != tt.wantOK || ok && got != tt.want {
			t.Errorf("%q: got %d, %v; want %d, %v", tt.text, got, ok, tt.want, tt.wantOK)
		}
	}
}
