package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin/page"
)

// Test is page.Tester's: what tailpost test does.
func (p pages) Test(ctx context.Context, recipient, event string) (out page.Tested, err error) {
	c := p.a.conf()
	for _, item := range c.Recipients() {
		if item.Name != recipient {
			continue
		}
		if event == "" {
			event = SampleName(c, recipient)
		}
		if strings.HasPrefix(event, bridge.SessionPrefix) && !bridge.IsSessionEvent(event) {
			return out, fmt.Errorf("%q is no session event", event)
		}
		probe, err := OpenProbe(item, p.a.o)
		if err != nil {
			return out, err
		}
		defer probe.Close()
		e := Sample(c, event)
		r, err := probe.Deliver(ctx, e)
		out = page.Tested{
			Event: e.Name, ID: e.ID, Taken: err == nil, Steps: r.Steps, Peer: r.Peer, Answer: r.Answer, Took: r.Took,
			Notes: SampleNotes(c, recipient, &e),
		}
		if err != nil {
			out.Error = err.Error()
		}
		return out, nil
	}
	return out, fmt.Errorf("no recipient %q is configured", recipient)
}
