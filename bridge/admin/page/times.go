package page

import (
	"fmt"
	"html/template"
	"time"
)

// span gives a duration as people say it: its two largest units at most.
func span(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 10*time.Hour && d%time.Hour >= time.Minute:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours())/24)
}

// seconds is span of a number of seconds.
func seconds(s float64) string { return span(time.Duration(s * float64(time.Second))) }

// stamp is a moment as it is shown.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// relative says how far away a moment is.
func relative(t, now time.Time) string {
	switch d := now.Sub(t); {
	case d >= time.Second:
		return whole(d) + " ago"
	case d <= -time.Second:
		return "in " + whole(-d)
	}
	return "now"
}

// whole is span without fractions.
func whole(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return span(d)
}

// clock writes times. Where the page is live the script says how long ago they
// were, and goes on doing so: what it gets must not change by itself.
type clock struct {
	now  time.Time
	live bool
}

// Ago gives a moment as a time element.
func (c clock) Ago(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	shown := stamp(t)
	if !c.live {
		shown = relative(t, c.now)
	}
	// Nothing in it is from outside.
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s" data-ago>%s</time>`, t.UTC().Format(time.RFC3339), stamp(t), shown))
}

// at gives a moment whose date matters more than how long ago it was.
func at(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, t.UTC().Format(time.RFC3339), stamp(t)))
}
