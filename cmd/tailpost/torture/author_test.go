//go:build torture

package torture

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"time"
)

// message is an event of a source, and what a receiver must get of it.
type message struct {
	written
	fields []field           // as its line has them
	form   map[string]string // as a form body has them
	when   time.Time
	lines  []string
}

// field is one of a line's. Its name is the bg format's.
type field struct{ name, value string }

// line is one of a log's. The last line of a message completes it.
type line struct {
	text    string // with its newline
	message *message
}

// session is one that runs.
type session struct {
	id, key string
	open    bool // its begin has been written
}

// author makes up the sessions of one source, line by line.
type author struct {
	source string
	rng    *rand.Rand
	begin  time.Time // of the first event
	render func(a *author, m *message) []string
	noise  func(a *author) string

	sessions []session
	begun    int
	messages []*message
	queue    []line
	lines    int
}

const applianceID = "support.example.com"

// newAuthor gives one whose choices depend on the seed and its source's name.
func newAuthor(source string, seed uint64, render func(*author, *message) []string, noise func(*author) string) *author {
	// Times without a year are far from where the year would be in doubt.
	begin := time.Now().Add(-100 * 24 * time.Hour).Truncate(time.Second)
	return &author{source: source, rng: random(seed, source), begin: begin, render: render, noise: noise}
}

func random(seed uint64, of string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(of))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// next gives the next line.
func (a *author) next() line {
	if len(a.queue) == 0 {
		a.compose()
	}
	l := a.queue[0]
	a.queue = a.queue[1:]
	a.lines++
	return l
}

// compose puts the lines of one or two messages into the queue: in the midst
// of a message in parts there may be another session's.
func (a *author) compose() {
	if a.noise != nil && a.rng.IntN(30) == 0 {
		a.queue = append(a.queue, line{text: a.noise(a)})
	}
	if a.rng.IntN(4) > 0 {
		m, texts := a.message(a.session())
		a.put(m, texts...)
		return
	}
	inner, innerTexts := a.message(a.session())
	outer, texts := a.survey()
	if inner.session == outer.session || len(texts) < 2 {
		a.put(inner, innerTexts...)
		a.put(outer, texts...)
		return
	}
	a.put(outer, texts[:1]...)
	a.put(inner, innerTexts...)
	a.put(outer, texts[1:]...)
}

func (a *author) put(m *message, texts ...string) {
	for _, t := range texts {
		a.queue = append(a.queue, line{text: t, message: m})
	}
}

// running is how many sessions run at a time.
const running = 30

// session gives one that runs.
func (a *author) session() *session {
	if len(a.sessions) < running {
		a.begun++
		key := ""
		if a.rng.IntN(3) > 0 {
			key = [...]string{"INC%d", "%d", "INC=%d;A\\b", "é & %d"}[a.rng.IntN(4)]
			key = fmt.Sprintf(key, a.begun)
		}
		a.sessions = append(a.sessions, session{id: lsid(a.source, a.begun), key: key})
		return &a.sessions[len(a.sessions)-1]
	}
	return &a.sessions[a.rng.IntN(len(a.sessions))]
}

func lsid(source string, n int) string {
	h := fnv.New64a()
	h.Write([]byte(source))
	return fmt.Sprintf("%016x%016x", h.Sum64(), n)
}

var people = []string{"Zoë Müller", "Ada L", `Zoë + Söhne = 1%20;"\`, "小林 花子", "O'Neil <x@example.com>", "a\\;b\\=c"}

// message makes up the next event of a session; its end ends it.
func (a *author) message(s *session) (*message, []string) {
	person := people[a.rng.IntN(len(people))]
	switch name := a.event(s); name {
	case "support_conference_member_added", "support_conference_member_departed":
		if a.rng.IntN(2) == 0 {
			return a.add(s, name, field{"type", "customer"}, field{"name", person}, field{"gsnumber", "22"}, field{"hostname", "WS01"},
				field{"os", "Windows 11"}, field{"private_ip", "10.0.0.4"}, field{"public_ip", "[2001:db8::1]:56722"})
		}
		return a.add(s, name, field{"type", "representative"}, field{"name", person}, field{"username", "ada"}, field{"user_id", "1"})
	case "support_conference_owner_changed":
		return a.add(s, name, field{"conference_id", "7"}, field{"conference_name", "Tier 1"})
	default:
		return a.add(s, name)
	}
}

// event chooses what happens next in a session. One that ends is forgotten.
func (a *author) event(s *session) string {
	if !s.open {
		s.open = true
		return "support_conference_begin"
	}
	if a.rng.IntN(12) == 0 {
		return "support_conference_end"
	}
	return [...]string{
		"support_conference_member_added", "support_conference_member_departed", "support_conference_owner_changed",
	}[a.rng.IntN(3)]
}

// survey makes up one that is longer than a line of the appliance's syslog.
func (a *author) survey() (*message, []string) {
	s := a.session()
	name := "support_conference_customer_exit_survey_completed"
	if a.rng.IntN(2) == 0 {
		name = "support_conference_rep_exit_survey_completed"
	}
	fields := []field{{"survey:1:name", "rating"}, {"survey:1:label", "How did we do?"}, {"survey:1:answer", strconv.Itoa(a.rng.IntN(6))}}
	said := ""
	for n := 100 + a.rng.IntN(2500); len(said) < n; {
		said += people[a.rng.IntN(len(people))] + " was quick and kind; "
	}
	return a.add(s, name, append(fields, field{"survey:2:name", "comments"}, field{"survey:2:answer", said + "."})...)
}

// add numbers a message and gives its lines.
func (a *author) add(s *session, event string, fields ...field) (*message, []string) {
	m := &message{
		written: written{key: key{a.source, len(a.messages)}, session: s.id, sends: 1},
		when:    a.begin.Add(time.Duration(a.lines+len(a.queue)) * time.Second / 50),
	}
	m.fields = append([]field{{"event", event}, {"lsid", s.id}, {"external_key", s.key}}, fields...)
	m.fields = append(m.fields, field{"custom:line", m.key.String()})
	m.form = formOf(m)
	a.messages = append(a.messages, m)
	if event == "support_conference_end" {
		for i := range a.sessions {
			if a.sessions[i].id == m.session {
				a.sessions = append(a.sessions[:i:i], a.sessions[i+1:]...)
				break
			}
		}
	}
	m.lines = a.render(a, m)
	return m, m.lines
}
