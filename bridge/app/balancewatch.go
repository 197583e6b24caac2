package app

import (
	"context"
	"slices"
	"strings"
	"time"
)

// auditEvery lies between two looks at the balance of a running bridge.
const auditEvery = time.Minute

// watchBalance holds the sums against each other while the bridge runs, as the
// command audit does: from what is on disk, at the start and each minute. It
// says what doesn't fit when that changes.
func (a *app) watchBalance(ctx context.Context) error {
	tick := time.NewTicker(auditEvery)
	defer tick.Stop()
	for said := ""; ; {
		said = a.checkBalance(said)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// checkBalance says what is wrong with the sums, unless that was said already.
func (a *app) checkBalance(said string) (now string) {
	b, err := Audit(a.conf().StateDir)
	a.noteBalance(b, err)
	if err != nil {
		if now = "error: " + err.Error(); now != said {
			a.o.Log.Error().Err(err).Msg("the sums can't be checked")
		}
		return now
	}
	if now = strings.Join(b.Problems, "; "); now == said {
		return now
	}
	if now == "" {
		a.o.Log.Info().Msg("all sums fit again")
		return now
	}
	a.o.Log.Error().Strs("problems", b.Problems).Msg("a sum doesn't fit: lines or events are not accounted for")
	return now
}

// noteBalance keeps what doesn't fit for those who ask.
func (a *app) noteBalance(b *Balance, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.balanced = time.Now()
	if err != nil {
		a.unchecked = "the sums can't be checked: " + err.Error()
		return
	}
	a.unbalanced, a.unchecked = b.Problems, ""
}

// imbalanceLocked gives what doesn't fit, and why the sums can't be checked.
func (a *app) imbalanceLocked() []string {
	if a.unchecked == "" {
		return a.unbalanced
	}
	return append(slices.Clone(a.unbalanced), a.unchecked)
}
