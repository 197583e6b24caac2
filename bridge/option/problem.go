package option

import "strings"

// Problem is what a check found wrong with one setting.
type Problem struct {
	Key     string // the key within its table, such as "retry_interval"; empty: the table itself
	Item    int    // which item of the key's list, from 1; 0: the whole value
	Text    string // what is wrong
	Hint    string // what would be right, where that is known
	Warning bool   // worth saying, but no reason to refuse
	Outside error  // why a file or variable that the setting names can't be had; nil: the setting itself is wrong
}

func (p Problem) String() string {
	s := p.Text
	if p.Key != "" {
		s = p.Key + ": " + s
	}
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	return s
}

// Nearest gives the word of known that s was probably meant to be, for a
// did-you-mean; empty if none is near. A word that differs in case alone is
// the nearest.
func Nearest(s string, known []string) string {
	best, dist := "", max(1, min(len(s), distanceMax)/3)+1
	for _, k := range known {
		if strings.EqualFold(s, k) {
			return k
		}
		if d := distance(s, k); d < dist && d < max(len(s), len(k)) {
			best, dist = k, d
		}
	}
	return best
}

// distanceMax is how much of a word counts, in bytes: they come from a file.
const distanceMax = 64

// distance is the number of edits (insert, drop, change, swap two neighbours)
// that make a of b.
func distance(a, b string) int {
	a, b = a[:min(len(a), distanceMax)], b[:min(len(b), distanceMax)]
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
