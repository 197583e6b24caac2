//go:build torture

package torture

import (
	"encoding/json"
)

// balance is what tailpost audit --json prints, as far as it is looked at.
type balance struct {
	Sources []struct {
		Source                              string
		Read, Parsed, Ignored, Quarantined  int64
		Open, Events, Cut, Partial, Evicted int64
		Losses                              int
		LostBytes                           int64 `json:"lost_bytes"`
	}
	Given      int64
	Recipients []struct {
		Recipient                                                             string
		Events, Delivered, Waiting, Dead, Dropped, Filtered, Skipped, Damaged int64
	}
}

// audit wants the bridge's own sums to fit.
func (s *site) audit(when string) balance {
	s.audits++
	var b balance
	out, err := s.p.Try("audit", "--json")
	if err == nil {
		err = json.Unmarshal([]byte(out), &b)
	}
	if err != nil {
		s.board.problem("audit %s: %v\n%s", when, err, out)
	}
	return b
}

// lost gives how often a source reported that bytes are gone, and how many at
// least.
func (b *balance) lost(source string) (times int, bytes int64) {
	for _, c := range b.Sources {
		if c.Source == source {
			return c.Losses, c.LostBytes
		}
	}
	return 0, 0
}

// checkBalance holds the last audit against what the oracle knows: each source
// gave its messages but the lost ones, and of those that were handed over
// again at most so many more; each recipient was delivered all events.
func (s *site) checkBalance(b balance, lost []key) {
	want, more := map[string]int{}, map[string]int{}
	for _, m := range s.messages() {
		want[m.key.source]++
		more[m.key.source] += m.sends - 1
	}
	for _, k := range lost {
		want[k.source]--
	}
	given := int64(0)
	for _, c := range b.Sources {
		given += c.Events
		if least, most := int64(want[c.Source]), int64(want[c.Source]+more[c.Source]); c.Events < least || c.Events > most {
			s.t.Errorf("audit has %d events of source %s, want %d to %d", c.Events, c.Source, least, most)
		}
		if c.Cut != 0 || c.Evicted != 0 || c.Partial != s.torn[c.Source] {
			s.t.Errorf("audit: source %s has %d cut, %d partial lines, %d evictions", c.Source, c.Cut, c.Partial, c.Evicted)
		}
		if c.Read != c.Parsed+c.Ignored+c.Quarantined+c.Open {
			s.t.Errorf("audit says that the sums fit, but not those of source %s: %+v", c.Source, c)
		}
	}
	if given != b.Given || len(b.Sources) != len(s.books)+len(s.hands) {
		s.t.Errorf("audit: %d sources gave %d events, %d numbers were given out", len(b.Sources), given, b.Given)
	}
	for _, r := range b.Recipients {
		if r.Events != given || r.Delivered != given {
			s.t.Errorf("audit: of %d events, recipient %s has %+v", given, r.Recipient, r)
		}
	}
	s.t.Logf("audits: %d; at the end %d events given", s.audits, b.Given)
}
