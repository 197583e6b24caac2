package page

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
)

// TestContrast: texts can be read by who sees contrasts badly, in both schemes
// (WCAG 2.1, AA: 4.5 to 1; what only surrounds something: 3 to 1).
func TestContrast(t *testing.T) {
	css, err := assetFiles.ReadFile("static/page.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(string(css), "prefers-color-scheme: dark")
	if !ok {
		t.Fatal("no dark scheme")
	}
	for name, text := range map[string]string{"light": light, "dark": dark} {
		colour := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(text, -1) {
			colour[m[1]] = m[2]
		}
		for _, c := range []struct {
			text, on string
			least    float64
		}{
			{"text", "ground", 4.5}, {"text", "surface", 4.5}, {"muted", "ground", 4.5}, {"muted", "surface", 4.5},
			{"accent", "ground", 4.5}, {"accent", "surface", 4.5}, {"on-accent", "accent", 4.5}, {"text", "idle-ground", 4.5},
			{"good", "good-ground", 4.5}, {"idle", "idle-ground", 4.5}, {"warn", "warn-ground", 4.5}, {"bad", "bad-ground", 4.5},
			{"good", "surface", 4.5}, {"warn", "surface", 4.5}, {"bad", "surface", 4.5}, {"muted", "idle-ground", 4.5},
			{"strong", "surface", 2.5},
		} {
			if got := contrast(t, colour[c.text], colour[c.on]); got < c.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f", name, c.text, c.on, got)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	var c [3]int
	if _, err := fmt.Sscanf(colour, "#%2x%2x%2x", &c[0], &c[1], &c[2]); err != nil {
		t.Fatalf("colour %q: %v", colour, err)
	}
	l := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(c[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}

func TestAssets(t *testing.T) {
	s := newSite(t, snapOf())
	for path, kind := range map[string]string{"/page.css": "text/css; charset=utf-8", "/page.js": "text/javascript; charset=utf-8", "/icon.svg": "image/svg+xml"} {
		res, err := s.browser.Get(s.URL + path)
		if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %v, %v", path, res, err)
			continue
		}
		res.Body.Close()
	}
}
