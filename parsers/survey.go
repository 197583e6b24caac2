package parsers

import "github.com/tailpost/tailpost/bridge"

// survey collects answers in the order in which their ids first appear.
type survey struct {
	answers []bridge.Answer
	at      map[string]int // of an id
}

// set gives the answer of that id one of its parts, and reports whether there
// is such a part.
func (s *survey) set(id, part, value string) bool {
	switch part {
	case "name", "label", "type", "answer":
	default:
		return false
	}
	i, ok := s.at[id]
	if !ok {
		if s.at == nil {
			s.at = make(map[string]int)
		}
		i = len(s.answers)
		s.at[id] = i
		s.answers = append(s.answers, bridge.Answer{ID: id})
	}
	a := &s.answers[i]
	switch part {
	case "name":
		a.Name = value
	case "label":
		a.Label = value
	case "type":
		a.Type = value
	case "answer":
		a.Answer = value
	}
	return true
}
