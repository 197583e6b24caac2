package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/admin/page"
	"github.com/tailpost/tailpost/bridge/dispatch"
)

// pagesOf gives what the page sees of a state directory after each text was
// read by a bridge of its own, and so has a segment of its own.
func pagesOf(t *testing.T, recipients string, inputs ...string) pages {
	t.Helper()
	c := load(t, t.TempDir(), recipients)
	for _, in := range inputs {
		if _, log, err := runOnce(t, c, in); err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
	}
	return pages{newApp(c, Options{Log: zerolog.Nop(), Stdout: io.Discard}, nil)}
}

func eventLine(lsid, key string) string {
	return fmt.Sprintf(`{"event":"support_conference_end","timestamp":1733240467,"lsid":%q,"external_key":%q}`+"\n", lsid, key)
}

func TestPageEvents(t *testing.T) {
	p := pagesOf(t, toFile("out"),
		eventLine("session-a", "INC1")+eventLine("session-b", "<INC\t2>")+eventLine("session-a", "INC3"),
		eventLine("session-c", "INC1")+eventLine("session-d", ""))
	all, err := p.Events(t.Context(), page.EventChoice{}, 50)
	if err != nil || len(all.Events) != 5 || all.Looked != 5 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, c := range []struct {
		name     string
		which    page.EventChoice
		most     int
		want     string
		wantMore bool
	}{
		{"all", page.EventChoice{}, 50, "session-d session-c session-a session-b session-a", false},
		{"the last two", page.EventChoice{}, 2, "session-d session-c", true},
		{"the last three", page.EventChoice{}, 3, "session-d session-c session-a", true},
		{"before them", page.EventChoice{Before: all.Events[2].Number}, 50, "session-b session-a", false},
		{"a session", page.EventChoice{Text: "session-a"}, 50, "session-a session-a", false},
		{"the beginning of sessions", page.EventChoice{Text: "sessio"}, 50, "session-d session-c session-a session-b session-a", false},
		{"too short a beginning", page.EventChoice{Text: "sess"}, 50, "", false},
		{"a key", page.EventChoice{Text: "INC1"}, 50, "session-c session-a", false},
		{"a part of a key that JSON escapes", page.EventChoice{Text: "C\t2>"}, 50, "session-b", false},
		{"an id", page.EventChoice{Text: all.Events[1].ID.String()}, 50, "session-c", false},
		{"the beginning of an id, in capitals", page.EventChoice{Text: strings.ToUpper(all.Events[3].ID.String()[:12])}, 50, "session-b", false},
		{"nothing", page.EventChoice{Text: "end"}, 50, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := p.Events(t.Context(), c.which, c.most)
			var sessions []string
			for _, e := range got.Events {
				sessions = append(sessions, e.Session)
			}
			if err != nil || strings.Join(sessions, " ") != c.want || got.More != c.wantMore || got.Stopped {
				t.Errorf("%v, more %v, stopped %v, %v", sessions, got.More, got.Stopped, err)
			}
		})
	}
	late, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := p.Events(late, page.EventChoice{}, 50); err != nil || !got.Stopped || len(got.Events) != 0 {
		t.Errorf("without time: %+v, %v", got, err)
	}
}

func TestPageWhy(t *testing.T) {
	p := pagesOf(t, toFile("out"), eventLine("a", "1")+eventLine("b", "2"), eventLine("c", "3"))
	all, err := p.Events(t.Context(), page.EventChoice{}, 50)
	if err != nil || len(all.Events) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	of := all.Events[2]
	for _, number := range []uint64{of.Number, 0, of.Number + 1, all.Events[0].Number, 1 << 62} {
		w, err := p.Why(t.Context(), of.ID, number)
		if err != nil || len(w) != 1 || w[0].Event == nil || w[0].Event.Session != "a" || len(w[0].Notes) != 0 {
			t.Fatalf("at %x: %+v, %v", number, w, err)
		}
		if f := w[0].Recipients; len(f) != 1 || f[0].State != "delivered" || len(f[0].First) != 1 {
			t.Errorf("at %x: %+v", number, f)
		}
	}
	other := of.ID
	other[0]++
	if w, err := p.Why(t.Context(), other, 0); err != nil || len(w) != 0 {
		t.Errorf("an id that nobody has: %+v, %v", w, err)
	}
	// Without the time to look, what is remembered of its attempts is told.
	late, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	if w, err := p.Why(late, of.ID, 0); err != nil || len(w) != 1 || w[0].Event != nil || len(w[0].Notes) != 1 || len(w[0].Recipients) != 1 {
		t.Errorf("without time: %+v, %v", w, err)
	}
	as, err := p.Attempts(t.Context(), "out", 2)
	if err != nil || len(as) != 2 || as[0].ID != all.Events[0].ID {
		t.Errorf("attempts: %+v, %v", as, err)
	}
}

func TestPageLetters(t *testing.T) {
	desk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	defer desk.Close()
	p := pagesOf(t, toFile("out")+"[[recipients.http]]\nname = \"desk\"\nurl = \""+desk.URL+"\"\nretry_interval = \"50ms\"\nretry_duration = \"50ms\"\n",
		eventLine("a", "")+eventLine("b", "")+eventLine("c", ""))
	var want []string
	err := Letters(p.dir(), admin.Letters{}, func(l dispatch.Letter) error {
		want = append([]string{l.Session}, want...)
		return nil
	})
	if err != nil || len(want) != 3 {
		t.Fatal(want, err)
	}
	for _, c := range []struct {
		name       string
		which      page.LetterChoice
		skip, most int
		want       string
		wantTotal  int
	}{
		{"all", page.LetterChoice{}, 0, 50, strings.Join(want, " "), 3},
		{"the first page", page.LetterChoice{Recipient: "desk"}, 0, 2, strings.Join(want[:2], " "), 3},
		{"the second", page.LetterChoice{}, 2, 2, want[2], 3},
		{"behind the last", page.LetterChoice{}, 9, 2, "", 3},
		{"the number alone", page.LetterChoice{}, 0, 0, "", 3},
		{"another recipient", page.LetterChoice{Recipient: "out"}, 0, 50, "", 0},
		{"another event", page.LetterChoice{Event: "login"}, 0, 50, "", 0},
		{"later ones", page.LetterChoice{Since: time.Now().Add(time.Hour)}, 0, 50, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := p.Letters(t.Context(), c.which, c.skip, c.most)
			var sessions []string
			for _, l := range got.Letters {
				sessions = append(sessions, l.Session)
			}
			if err != nil || strings.Join(sessions, " ") != c.want || got.Total != c.wantTotal || got.Stopped {
				t.Errorf("%v of %d, %v", sessions, got.Total, err)
			}
		})
	}
	late, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := p.Letters(late, page.LetterChoice{}, 0, 50); err != nil || !got.Stopped {
		t.Errorf("without time: %+v, %v", got, err)
	}
}

// A moved event is older than its segment: it is told when the search has come
// to its end.
func TestPageEventsThatWereMoved(t *testing.T) {
	s := newEventSearch(page.EventChoice{Text: "session-a"}, 2)
	put := func(number uint64, line string) {
		e, err := ReadSample([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		s.look(number, e.AppendWire(nil))
	}
	s.segment(20)
	put(20, eventLine("session-a", ""))
	put(5, eventLine("session-a", ""))
	s.segment(10)
	put(10, eventLine("session-b", ""))
	got := s.end(false)
	if len(got) != 2 || got[0].number != 20 || got[1].number != 5 {
		t.Errorf("%+v", got)
	}
}

func TestPageTest(t *testing.T) {
	p := pagesOf(t, toFile("out")+"[[recipients.http]]\nname = \"desk\"\nurl = \"http://127.0.0.1:1/\"\npaused = true\n")
	got, err := p.Test(t.Context(), "desk", "")
	if err != nil || got.Taken || got.Error == "" || len(got.Steps) == 0 || len(got.Notes) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := p.Test(t.Context(), "out", "support_conference_begin"); err != nil || !got.Taken || got.Event != "support_conference_begin" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, c := range [][2]string{{"nobody", ""}, {"desk", "support_conference_bgin"}} {
		if got, err := p.Test(t.Context(), c[0], c[1]); err == nil {
			t.Errorf("%s: %+v", c, got)
		}
	}
}
