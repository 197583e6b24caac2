package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

// explained gives a receipt whose steps say nothing twice: neither what err says,
// which stands beside them, nor what happened again and again.
func explained(r bridge.Receipt, err error) bridge.Receipt {
	if err != nil {
		r.Steps = withoutCause(r.Steps, err.Error())
	}
	r.Steps = withoutRepeats(r.Steps)
	return r
}

// withoutCause leaves out of each step the reason that ends both it and the
// error, and a step that is the error but for how long it took.
func withoutCause(steps []string, err string) (out []string) {
	for _, s := range steps {
		if strings.HasSuffix(s, ": "+err) {
			continue
		}
		for at := 0; ; {
			i := strings.Index(s[at:], ": ")
			if i < 0 {
				break
			}
			if at += i; strings.HasSuffix(err, s[at:]) {
				s = s[:at]
				break
			}
			at += len(": ")
		}
		out = append(out, s)
	}
	return out
}

// rowMost is how many steps one try has that is taken for a repetition.
const rowMost = 8

// withoutRepeats leaves one of several rows of steps that are the same, with how
// many there were: connections are tried again.
func withoutRepeats(steps []string) (out []string) {
	for i := 0; i < len(steps); {
		row, times := rowAt(steps[i:])
		out = append(out, steps[i:i+row]...)
		switch {
		case times == 2:
			out = append(out, "… and the same again")
		case times > 2:
			out = append(out, fmt.Sprintf("… and the same %d times more", times-1))
		}
		i += row * times
	}
	return out
}

// rowAt gives the length of the row that steps begin with, and how many times it
// comes.
func rowAt(steps []string) (row, times int) {
	for row := 1; row <= min(rowMost, len(steps)/2); row++ {
		times := 1
		for next := row; next+row <= len(steps) && slices.Equal(steps[:row], steps[next:next+row]); next += row {
			times++
		}
		if times > 1 {
			return row, times
		}
	}
	return 1, 1
}
