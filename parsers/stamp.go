package parsers

import (
	"strconv"
	"strings"
	"time"
)

// lastSecond is the end of the year 9999: what is larger is no count of
// seconds, but of milliseconds perhaps.
const lastSecond = 253402300799

// unixSeconds reads Unix seconds, with a fraction or as JSON writes numbers.
func unixSeconds(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		if len(s) > 40 || strings.IndexFunc(s, notNumeric) >= 0 {
			return 0, false
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || !(f >= 1 && f <= lastSecond) {
			return 0, false
		}
		n = int64(f)
	}
	return n, n > 0 && n <= lastSecond
}

func notNumeric(r rune) bool { return !strings.ContainsRune("0123456789.eE+-", r) }

// anyTime reads Unix seconds or RFC 3339.
func anyTime(s string) (int64, bool) {
	if n, ok := unixSeconds(s); ok {
		return n, true
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || t.Unix() <= 0 || t.Unix() > lastSecond {
		return 0, false
	}
	return t.Unix(), true
}

// isoTime reads an ISO 8601 time; without an offset it is in zone.
func isoTime(s string, zone *time.Location) (int64, bool) {
	if len(s) > 40 {
		return 0, false
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t.Unix(), t.Unix() > 0
		}
	}
	return 0, false
}

// clock is a BSD time: it has neither year nor zone.
type clock struct {
	month          time.Month
	day            int
	hour, min, sec int
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// cutClock reads "Dec  3 15:26:05", "Dec 3 15:26:05" or "Dec 03 15:26:05" at
// the beginning of s.
func cutClock(s string) (c clock, rest string, ok bool) {
	if len(s) < len("Dec 3 15:26:05") || s[3] != ' ' {
		return clock{}, "", false
	}
	i := strings.Index(months, s[:3])
	if i < 0 || i%3 != 0 {
		return clock{}, "", false
	}
	c.month = time.Month(i/3 + 1)
	rest = s[4:]
	if rest[0] == ' ' {
		rest = rest[1:]
	}
	n := strings.IndexByte(rest, ' ')
	if n < 1 || n > 2 || len(rest) < n+1+len("15:26:05") {
		return clock{}, "", false
	}
	day, ok := digits(rest[:n])
	hms := rest[n+1 : n+9]
	if !ok || day < 1 || day > 31 || hms[2] != ':' || hms[5] != ':' {
		return clock{}, "", false
	}
	h, ok1 := digits(hms[:2])
	m, ok2 := digits(hms[3:5])
	sec, ok3 := digits(hms[6:])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || sec > 60 {
		return clock{}, "", false
	}
	c.day, c.hour, c.min, c.sec = day, h, m, sec
	return c, rest[n+9:], true
}

// digits reads a short plain decimal number.
func digits(s string) (int, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0 && len(s) <= 6
}

// near gives the time that c means when read at now: in the year that puts it
// nearest, a day ahead at most. (A sender two seconds ahead at new year must
// not land a year back.) In an hour that a zone has twice, one of the two.
func (c clock) near(now time.Time, zone *time.Location) (int64, bool) {
	latest := now.Add(24 * time.Hour)
	year := now.In(zone).Year() + 1
	for y := year; y > year-10; y-- { // 29 February may be 8 years away
		t := time.Date(y, c.month, c.day, c.hour, c.min, c.sec, 0, zone)
		if isDate := c.day < 29 || time.Date(y, c.month, c.day, 0, 0, 0, 0, time.UTC).Day() == c.day; isDate && !t.After(latest) {
			return t.Unix(), t.Unix() > 0
		}
	}
	return 0, false
}
