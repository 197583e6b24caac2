package page

import (
	"crypto/rand"
	"sync"
	"time"
)

const (
	outcomesMost = 64
	outcomeKept  = 15 * time.Minute
	outcomeLines = 60
)

// Outcome tells what a POST has done, on the page that it leads to.
type Outcome struct {
	Good  bool
	Title string
	Lines []string
	Steps []string // of a test event
}

// outcomes keeps the last ones, by names that can't be guessed.
type outcomes struct {
	mu  sync.Mutex
	all []keptOutcome // oldest first
}

type keptOutcome struct {
	id string
	at time.Time
	Outcome
}

func (os *outcomes) put(o Outcome, now time.Time) (id string) {
	id = rand.Text()
	os.mu.Lock()
	defer os.mu.Unlock()
	for len(os.all) > 0 && (len(os.all) >= outcomesMost || now.Sub(os.all[0].at) > outcomeKept) {
		os.all = append(os.all[:0], os.all[1:]...)
	}
	os.all = append(os.all, keptOutcome{id, now, o})
	return id
}

func (os *outcomes) get(id string, now time.Time) *Outcome {
	if id == "" {
		return nil
	}
	os.mu.Lock()
	defer os.mu.Unlock()
	for _, k := range os.all {
		if k.id == id && now.Sub(k.at) <= outcomeKept {
			o := k.Outcome
			return &o
		}
	}
	return nil
}
