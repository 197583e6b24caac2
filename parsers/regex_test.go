package parsers

import (
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// sessionLog is the pattern of the corpus's log, which names the events by its
// own words.
const sessionLog = `(?P<timestamp>\S+ \S+) \[(?P<site>[^]]*)\] session (?P<lsid>\w+) (?:` +
	`(?P<support_conference_begin>started)|(?P<support_conference_end>ended)|` +
	`(?P<support_conference_member_added>joined by) (?P<name>.*) as (?P<type>\w+)|` +
	`(?P<support_conference_customer_exit_survey_completed>rated) (?P<survey_rating>\d))` +
	`(?: for (?P<external_key>\S+))?(?: cost (?P<custom_cost_center>\d+))?`

const otherLines = `(?P<timestamp>\d+) (?P<event>[^:]+): (?:lsid=(?P<lsid>\w*) ?)?(?:key=(?P<external_key>\w*) ?)?(?:mine=(?P<mine>\w*) ?)?(?:gs=(?P<gsnumber>\w*) ?)?(?:site_id=(?P<site_id>\w*) ?)?(?:sender=(?P<sender_id>\w*) ?)?(?P<extra_rest>.*)`

func regexOptions() Options {
	return Options{Format: FormatRegex, CustomFields: []string{"mine"}, Patterns: []string{sessionLog, otherLines}}
}

var regexLines = []string{
	"1 External Key: lsid=s key=K",
	"2 support_conference_end: lsid=s mine=7 gs=5 site_id=0927 the rest",
	"3 login: who=ada",
	"4 support_conference_nope: lsid=s",
	"no line of ours",
}

func TestRegexEvents(t *testing.T) {
	for _, tt := range []struct{ name, line, want string }{
		{"an event by its group", "2024-12-03 15:26:05 [box] session a1 started for INC7 cost 42",
			`"event":"support_conference_begin","version":"","timestamp":1733239565,"appliance_id":"","lsid":"a1","external_key":"INC7","site":"box","custom":{"cost_center":"42"},"source":{"name":"","format":"regex"`},
		{"another group", "2024-12-03 15:26:05 [box] session a1 ended", `"event":"support_conference_end"`},
		{"a member", "2024-12-03 15:26:05 [] session a1 joined by Zoë | Müller as customer", `"name":"Zoë | Müller","type":"customer"`},
		{"an answer", "2024-12-03 15:26:05 [box] session a1 rated 5", `"survey":[{"name":"rating","answer":"5"}]`},
		{"an event by its name", regexLines[1], `"event":"support_conference_end","version":"","timestamp":2,"appliance_id":"","lsid":"s","external_key":"","site_id":"0927","gsnumber":5,"custom":{"mine":"7"},"extra":{"rest":"the rest"}`},
		{"an event by its title", "5 Session End: lsid=s", `"event":"support_conference_end"`},
		{"a sender's id", "5 Session End: lsid=s sender=77", `"extra":{"sender_id":"77"}`},
		{"raw", "3 login: mine=1 who=ada", `"event":"login","version":"","timestamp":3,"appliance_id":"","lsid":"","external_key":"","extra":{"mine":"1","rest":"who=ada"}`},
		{"no UTF-8", "3 login: \xff", `"extra":{"rest":"` + "\uFFFD" + `"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := one(t, regexOptions(), tt.line)
			if got := bare([]bridge.Event{e}); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwithout\n%s", got, tt.want)
			}
		})
	}
}

func TestRegexOutcomes(t *testing.T) {
	strict := regexOptions()
	strict.Unmatched = UnmatchedQuarantine
	for _, tt := range []struct {
		name, line string
		o          Options
		want       bridge.Outcome
		wantEvent  string
		wantErr    string
	}{
		{name: "blank", line: " \r", o: strict, want: bridge.Ignored},
		{name: "no pattern matches", line: "nothing", o: regexOptions(), want: bridge.Ignored},
		{name: "no pattern matches, strictly", line: "nothing", o: strict, wantErr: "no pattern matches"},
		{name: "a pattern is for the whole line", line: "x 2024-12-03 15:26:05 [box] session a1 started", o: regexOptions(), want: bridge.Ignored},
		{name: "up to its end", line: "2024-12-03 15:26:05 [box] session a1 started twice", o: regexOptions(), want: bridge.Ignored},
		{name: "a name sets a key", line: regexLines[0], o: regexOptions(), want: bridge.Parsed},
		{name: "a key without a session", line: "1 External Key: key=K", o: regexOptions(), wantErr: "without a session"},
		{name: "none of the seven", line: regexLines[3], o: regexOptions(), wantErr: "none of the seven"},
		{name: "no session", line: "1 Session End: x", o: regexOptions(), wantErr: "without a session"},
		{name: "no time", line: "soon today [box] session a1 ended", o: regexOptions(), wantErr: `timestamp "soon today" can't be read`},
		{name: "raw", line: regexLines[2], o: regexOptions(), want: bridge.Raw, wantEvent: "login"},
		{name: "an empty name", line: "1 x", o: Options{Format: FormatRegex, Patterns: []string{`\d (?P<event>y?)x`}}, want: bridge.Ignored},
	} {
		t.Run(tt.name, func(t *testing.T) { checkOutcome(t, tt.o, tt.line, tt.want, tt.wantEvent, tt.wantErr) })
	}
}

func TestRegexRefusesAtLoad(t *testing.T) {
	const needs = `(?P<timestamp>\d+) (?P<lsid>\w+)`
	for _, tt := range []struct{ name, pattern, want string }{
		{"no expression", `(?P<event>`, "missing closing )"},
		{"a lookahead", `(?P<event>a(?=b))`, "invalid or unsupported Perl syntax"},
		{"out of its group and in again", `a)(?P<event>b`, "unexpected )"},
		{"no group", `(a)`, "no named group"},
		{"an unknown group", `(?P<event>a) (?P<sesion>b)`, `the group "sesion" is no field of an event`},
		{"a prefix alone", `(?P<event>a) (?P<custom_>b)`, `the group "custom_" is no field`},
		{"an extra field in the place of the event's", `(?P<event>a) (?P<extra_lsid>b)`, `the group "extra_lsid" is no field`},
		{"one of the seven, misspelt", needs + ` (?P<support_conference_start>b)`, `"support_conference_start" is no field`},
		{"no event", needs, "no group says which event"},
		{"an event without a session", `(?P<timestamp>\d+) (?P<support_conference_end>b)`, "needs the groups lsid and timestamp"},
		{"too long", `(?P<event>a)` + strings.Repeat("b", patternMax), "bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(Options{Format: FormatRegex, Patterns: []string{tt.pattern}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %q", err, tt.want)
			}
		})
	}
	if _, err := New(Options{Format: FormatRegex}); err == nil {
		t.Error("no pattern at all is taken")
	}
	if _, err := New(Options{Format: FormatRegex, Patterns: make([]string, PatternsMax+1)}); err == nil {
		t.Error("too many patterns are taken")
	}
}

func TestRegexTimes(t *testing.T) {
	berlin := time.FixedZone("x", 3600)
	for _, tt := range []struct {
		text string
		want int64
	}{
		{"1733239565", 1733239565}, {"1733239565.25", 1733239565},
		{"2024-12-03T15:26:05Z", 1733239565}, {"2024-12-03 16:26:05", 1733239565}, {"2024/12/03 16:26:05", 1733239565},
		{"2024-12-03 16:26:05,123", 1733239565}, {"2024-12-03T16:26:05.123", 1733239565}, {"2024-12-03 15:26:05 +0000", 1733239565},
		{"03/Dec/2024:15:26:05 +0000", 1733239565}, {"Dec  3 16:26:05", 1733239565}, {"Dec 03 16:26:05", 1733239565},
		{"", 0}, {"yesterday", 0}, {"0", 0}, {"-5", 0}, {"2024-13-03 16:26:05", 0}, {"1733239565000", 0}, {strings.Repeat("9", 100), 0},
	} {
		got, ok := looseTime(tt.text, readAt, berlin)
		if ok != (tt.want != 0) || ok && got != tt.want {
			t.Errorf("%q is %d, %v; want %d", tt.text, got, ok, tt.want)
		}
	}
}

// In a line that was cut a field that ends at the cut is not whole.
func TestRegexCutLine(t *testing.T) {
	rec := record([]byte("5 Session End: lsid=s key=INC the re"))
	rec.Cut = 9
	es, outcome, err := mustNew(t, regexOptions()).Parse(rec, nil)
	if err != nil || outcome != bridge.Parsed || len(es) != 1 {
		t.Fatalf("%d events, %v, %v", len(es), outcome, err)
	}
	if got, want := bare(es), `"external_key":"INC","extra":{"line_cut":9}`; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwithout\n%s", got, want)
	}
}

// Two alternatives may have a group of one name.
func TestRegexOneNameTwice(t *testing.T) {
	o := Options{Format: FormatRegex, Patterns: []string{`(?P<event>a) (?P<lsid>1)|(?P<lsid>2) (?P<event>b)`}}
	for _, line := range []string{"a 1", "2 b"} {
		if e := one(t, o, line); !strings.Contains(line, e.Name) || !strings.Contains(line, e.Session) || e.Session == "" {
			t.Errorf("%q gave %s", line, bare([]bridge.Event{e}))
		}
	}
}

// The key that a line sets holds for the events that follow, over a restart.
func TestRegexKeys(t *testing.T) {
	lines := []string{"1 External Key: lsid=s key=K", "2 Session Start: lsid=s", "3 Session End: lsid=t", "4 Session End: lsid=s"}
	if got := keysSeen(t, mustNew(t, regexOptions()), lines...); got != "K - K" {
		t.Errorf("keys %q", got)
	}
	for at := range len(lines) + 1 {
		checkRestart(t, regexOptions(), lines, at, 1)
	}
}
