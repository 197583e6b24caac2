package tail

import (
	"slices"
	"testing"
)

func TestSiblings(t *testing.T) {
	for _, tc := range []struct {
		path, name    string
		want, wantZip bool
	}{
		{"app.log", "app.log", false, false},
		{"app.log", "app.log.1", true, false},
		{"app.log", "app.log-20260131", true, false},
		{"app.log", "app.log.2026-01-31_12:00", true, false},
		{"app.log", "app.log.old", true, false},
		{"app.log", "app-20260131.log", true, false},
		{"app.log", "app.1.log", true, false},
		{"app.log", "app.log.1.gz", false, true},
		{"app.log", "app.log-20260131.xz", false, true},
		{"app.log", "app.log.gz", false, true},
		{"app.log", "app.log.swp", false, false},
		{"app.log", "app.log.1.swp", false, false},
		{"app.log", "app.log.1~", false, false},
		{"app.log", "app.log.offset", false, false},
		{"app.log", "app.log2", false, false},
		{"app.log", "app-error.log", false, false},
		{"app.log", "app2.log", false, false},
		{"app.log", "other.log.1", false, false},
		{"session", "session.1", true, false},
		{"session", "session-20260131", true, false},
		{"session", "sessions", false, false},
		{".log", ".log.1", true, false},
	} {
		n := namesOf("/var/log/" + tc.path)
		if got := n.sibling(tc.name); got != tc.want {
			t.Errorf("%s: sibling(%s) = %v", tc.path, tc.name, got)
		}
		if got := n.archived(tc.name); got != tc.wantZip {
			t.Errorf("%s: archived(%s) = %v", tc.path, tc.name, got)
		}
	}
}

func TestOlderName(t *testing.T) {
	n := namesOf("/var/log/app.log")
	for _, order := range [][]string{
		{"app.log.10", "app.log.9", "app.log.1", "app.log"},
		{"app.log-20260130", "app.log-20260131"},
		{"app-20260130.log", "app-20260131.log"},
		{"app.2.log", "app.1.log"},
		{"8.log", "9.log", "10.log", "11.log", "100.log", "101.log"}, // behind a link
	} {
		got := slices.Clone(order)
		slices.Reverse(got)
		slices.SortFunc(got, func(a, b string) int {
			if n.olderName(a, b) {
				return -1
			}
			return 1
		})
		if !slices.Equal(got, order) {
			t.Errorf("got %v, want %v", got, order)
		}
	}
}
