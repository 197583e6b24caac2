package dispatch

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/where"
)

func TestVerdict(t *testing.T) {
	for _, tc := range []struct {
		name    string
		policy  Policy
		event   bridge.Event
		want    Clause
		wantErr bool
	}{
		{name: "all seven", event: bridge.Event{Name: bridge.EventEnd}},
		{name: "a raw event that nobody named", event: bridge.Event{Name: "login"}, want: ClauseEvents},
		{name: "an event not named", policy: Policy{Events: option.List{bridge.EventEnd}, Where: "false"}, event: bridge.Event{Name: bridge.EventBegin}, want: ClauseEvents},
		{name: "without a key", policy: Policy{RequireExternalKey: true, Where: "false"}, event: bridge.Event{Name: bridge.EventEnd}, want: ClauseKey},
		{name: "with a key", policy: Policy{RequireExternalKey: true}, event: bridge.Event{Name: bridge.EventEnd, ExternalKey: "1"}},
		{name: "where says no", policy: Policy{Where: `type == "customer"`}, event: bridge.Event{Name: bridge.EventMemberAdded, MemberType: "system"}, want: ClauseWhere},
		{name: "where says yes", policy: Policy{Where: `type == "customer"`}, event: bridge.Event{Name: bridge.EventMemberAdded, MemberType: "customer"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := tc.policy.Filter()
			if err != nil {
				t.Fatal(err)
			}
			head, err := bridge.ParseHead(tc.event.AppendWire(nil))
			if err != nil {
				t.Fatal(err)
			}
			if v := f.Verdict(head); v.Refused != tc.want || v.Err != nil || v.Asked() != (tc.want == "") {
				t.Errorf("got %+v, want %q", v, tc.want)
			}
		})
	}
}

// What can't be judged is sent: a filter must not swallow events.
func TestVerdictOfWhatCanNotBeJudged(t *testing.T) {
	f, err := (&Policy{Where: "false"}).Filter()
	if err != nil {
		t.Fatal(err)
	}
	e := bridge.Event{Name: bridge.EventEnd}
	head, err := bridge.ParseHead(e.AppendWire(nil))
	if err != nil {
		t.Fatal(err)
	}
	f.where = &where.Expr{} // it fails on all
	if v := f.Verdict(head); !v.Asked() || v.Err == nil {
		t.Errorf("an expression that fails: %+v", v)
	}
	head.JSON = []byte("no json")
	if v := f.Verdict(head); !v.Asked() || v.Err == nil {
		t.Errorf("got %+v", v)
	}
}

func TestWhereIsCheckedWithThePolicy(t *testing.T) {
	p := Defaults("")
	p.Where = `externl_key != ""`
	ps := p.Check("")
	if len(ps) != 1 || ps[0].Key != "where" || !strings.Contains(ps[0].String(), `at character 1: "externl_key" is no field; did you mean external_key?`) {
		t.Errorf("got %v", ps)
	}
	if _, err := p.Filter(); err == nil {
		t.Error("Filter took it")
	}
}

func TestWhereIsAppliedWhenAnEventsTurnComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.Where = `lsid != "unwanted"` }, func(e bridge.Event, at time.Duration) error {
			if e.Session == "bad" {
				return errEvent
			}
			return nil
		})
		r.q.add("good", "unwanted", "bad", "bad")
		r.run(5 * time.Second)
		if r.q.passed != 1 {
			t.Errorf("%d filtered while it was read, want 1", r.q.passed)
		}
		// The setting changes while two are parked.
		r.p.Where = `lsid == "good"`
		r.run(time.Hour)
		r.wantCount(bridge.Delivered, 1)
		r.wantCount(bridge.Filtered, 2)
	})
}

func TestWhereThatCanNotJudgeIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.Where = "false" }, taken)
		r.q.add("a", "b", "c")
		for _, n := range []uint64{2, 3} {
			head, err := bridge.ParseHead(r.q.events[n])
			if err != nil {
				t.Fatal(err)
			}
			at := len(r.q.events[n]) - len(head.JSON)
			r.q.events[n] = append(r.q.events[n][:at:at], "no json"...)
		}
		r.run(time.Minute)
		if s := r.w.Stats(); s.Undecided != 2 || s.Filtered != 1 {
			t.Errorf("got %+v", s)
		}
		r.wantCount(bridge.Damaged, 2) // as it would be without where
	})
}
