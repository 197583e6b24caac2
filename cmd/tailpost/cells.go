package main

import (
	"unicode"

	"golang.org/x/text/width"
)

// cellsOf is how many cells of a terminal a printable text takes: two for a
// wide character, such as those of Chinese, and none for a mark on another one.
func cellsOf(s string) (n int) {
	for _, r := range s {
		n += cellsOfRune(r)
	}
	return n
}

// Vowels and final consonants of Korean that come together with the consonant
// before them.
const jamoFirst, jamoLast = 0x1160, 0x11ff

func cellsOfRune(r rune) int {
	if r < 0x300 { // no mark, and none that is wide
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) || r >= jamoFirst && r <= jamoLast {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cutMiddle bounds a text, in cells. Names that differ often do so at their
// ends: what goes is in the middle.
func cutMiddle(s string, most int) string {
	if cellsOf(s) <= most {
		return s
	}
	r := []rune(s)
	head, tail, left := 0, len(r), most-1 // and one for the sign
	for n := 0; n+cellsOfRune(r[head]) <= left-left/2; head++ {
		n += cellsOfRune(r[head])
	}
	for n := 0; n+cellsOfRune(r[tail-1]) <= left/2; tail-- {
		n += cellsOfRune(r[tail-1])
	}
	for tail < len(r) && cellsOfRune(r[tail]) == 0 { // its letter has gone
		tail++
	}
	return string(r[:head]) + "…" + string(r[tail:])
}
