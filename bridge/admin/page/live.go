package page

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
)

const (
	streamsMost = 24
	lookEvery   = time.Second
	beatEvery   = 15 * time.Second // between two signs of life
	streamFor   = time.Hour        // then the script asks again
)

// streams lets so many be open at once.
type streams chan struct{}

func newStreams(most int) streams { return make(streams, most) }

func (s streams) begin() bool {
	select {
	case s <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s streams) end() { <-s }

// news is what the script is told.
type news struct {
	Title string     `json:"title"`
	Asof  time.Time  `json:"asof"`
	Whole bool       `json:"whole,omitempty"` // parts is all there is
	Parts []newsPart `json:"parts"`
}

type newsPart struct {
	ID   string `json:"id"`
	HTML string `json:"html"`
}

// live tells a page what has changed, until the visitor goes, the bridge
// stops, or streamFor is over. Where there is nothing to follow (any longer), it
// answers 204, which keeps an EventSource from asking again; a stream whose
// subject goes ends with an event that says so.
func (p *page) live(w http.ResponseWriter, r *http.Request) {
	show, ok := map[string]func(asked) shown{"status": p.status, "recipient": p.recipient}[r.FormValue("of")]
	if !ok {
		http.Error(w, "no such page", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet { // the mux takes HEAD for one
		w.Header().Set("Allow", http.MethodGet)
		http.Error(w, "a stream has no head alone", http.StatusMethodNotAllowed)
		return
	}
	if !p.streams.begin() {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
		return
	}
	defer p.streams.end()
	a, ok := p.ask(w, r)
	if !ok {
		return
	}
	a.live = true
	got := show(a)
	if got.live == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy must hand on what it gets
	s := stream{w: w, c: http.NewResponseController(w)}
	if !s.write([]byte("retry: 3000\n\n")) {
		return
	}
	end := time.NewTimer(streamFor)
	defer end.Stop()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for s.tell(a, got) {
		select {
		case <-r.Context().Done():
			return
		case <-end.C:
			return
		case <-tick.C:
		}
		snap, err := p.o.Snapshot(r.Context())
		if err != nil { // the script asks again, and hears it
			return
		}
		a.snap, a.now, a.visit = snap, snap.Taken, p.visit(r)
		if got = show(a); got.live == "" {
			s.write([]byte("event: gone\ndata:\n\n"))
			return
		}
	}
}

// stream is one page that is live.
type stream struct {
	w     http.ResponseWriter
	c     *http.ResponseController
	title string
	nav   part
	parts []part
	beat  time.Time
}

// tell sends what differs from what was sent before. false: nobody reads.
func (s *stream) tell(a asked, now shown) bool {
	f := frame{asked: a, shown: now}
	n := news{Title: f.Title(), Asof: a.now.UTC().Truncate(time.Second), Parts: []newsPart{}}
	parts, whole := changed(s.parts, now.parts)
	if n.Whole = whole; whole {
		parts = now.parts
	}
	// The status page alone has itself in the navigation.
	if nav := f.Nav(); nav.HTML != s.nav.HTML {
		parts, s.nav = append(parts[:len(parts):len(parts)], nav), nav
	}
	for _, p := range parts {
		n.Parts = append(n.Parts, newsPart{p.ID, string(p.HTML)})
	}
	quiet := len(parts) == 0 && n.Title == s.title
	s.title, s.parts = n.Title, now.parts
	if quiet && a.now.Sub(s.beat) < beatEvery {
		return true
	}
	s.beat = a.now
	b, err := json.Marshal(n)
	if err != nil {
		panic("page: " + err.Error()) // it is strings
	}
	var out bytes.Buffer
	out.WriteString("data: ")
	out.Write(b)
	out.WriteString("\n\n")
	return s.write(out.Bytes())
}

func (s *stream) write(b []byte) bool {
	if err := s.c.SetWriteDeadline(time.Now().Add(writeFor)); err != nil {
		return false
	}
	if _, err := s.w.Write(b); err != nil {
		return false
	}
	return s.c.Flush() == nil
}
