package config

import (
	"iter"

	"github.com/tailpost/tailpost/bridge/dispatch"
)

// Policy gives the policy of the recipient with that name; nil: there is none.
func (c *Config) Policy(recipient string) *dispatch.Policy {
	for name, p := range c.Policies() {
		if name == recipient {
			return p
		}
	}
	return nil
}

// Policies gives the name and the policy of each recipient, of whatever kind.
func (c *Config) Policies() iter.Seq2[string, *dispatch.Policy] {
	return func(yield func(string, *dispatch.Policy) bool) {
		for i := range c.HTTP {
			if !yield(c.HTTP[i].Name, &c.HTTP[i].Policy) {
				return
			}
		}
		for i := range c.Email {
			if !yield(c.Email[i].Name, &c.Email[i].Policy) {
				return
			}
		}
		for i := range c.File {
			if !yield(c.File[i].Name, &c.File[i].Policy) {
				return
			}
		}
	}
}
