package httpsink

import (
	"net/http/httptrace"
	"sync"
)

// trace notes how far a request came. Its hooks run in goroutines of net/http.
type trace struct {
	steps *steps // nil: nobody watches

	mu   sync.Mutex
	peer string
	sent bool // a connection was made: bytes of the request may have gone
}

func (t *trace) hooks() *httptrace.ClientTrace {
	h := &httptrace.ClientTrace{
		// net/http asks for another connection only if nothing of the request
		// went over the one before.
		GetConn: func(string) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.sent = false
		},
		GotConn: func(i httptrace.GotConnInfo) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.sent, t.peer = true, i.Conn.RemoteAddr().String()
		},
	}
	t.steps.hooks(h)
	return h
}

func (t *trace) sentNow() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

func (t *trace) peerNow() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.peer
}
