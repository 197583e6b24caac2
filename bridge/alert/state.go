package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The state's file: a line with its format's name and version and the CRC-32C
// of what follows, in hex; then JSON. It is small, and written whole: into a
// file beside it, that is synced and renamed.
const (
	stateName    = "alerts"
	damagedName  = "alerts.damaged" // what could not be read, of the last time
	stateVersion = "tailpost-alerts/1"
	stateMax     = 16 << 20 // bytes that are read
)

// checkpoint is how often the clock is saved while something is waited for.
const checkpoint = time.Minute

// state is what is saved.
type state struct {
	Clock  time.Duration    `json:"clock"`
	Saved  time.Time        `json:"saved,omitzero"` // zero: at the end, when nothing ran on
	Topics []savedTopic     `json:"topics"`
	Heard  map[string]heard `json:"heard"`
}

type savedTopic struct {
	Kind  kind   `json:"kind"`
	Name  string `json:"name,omitempty"`
	Topic *topic `json:"topic"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encodeState(s *state) ([]byte, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return append(fmt.Appendf(nil, "%s %08x\n", stateVersion, crc32.Checksum(body, castagnoli)), body...), nil
}

var errDamaged = errors.New("it is damaged")

func decodeState(b []byte) (*state, error) {
	head, body, _ := bytes.Cut(b, []byte("\n"))
	version, sum, _ := bytes.Cut(head, []byte(" "))
	if string(version) != stateVersion {
		if bytes.HasPrefix(version, []byte("tailpost-alerts/")) {
			return nil, fmt.Errorf("its version is %q, and this program knows %s", version, stateVersion)
		}
		return nil, errDamaged
	}
	if string(sum) != fmt.Sprintf("%08x", crc32.Checksum(body, castagnoli)) {
		return nil, errDamaged
	}
	var s state
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return &s, nil
}

// load reads what was saved. What can't be read counts as empty: then what
// lasts is told once more, which is better than not at all.
func (a *Alerts) load() {
	path := filepath.Join(a.o.Dir, stateName)
	b, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		a.o.Log.Error().Err(err).Msg("the state of the alerts can't be read: it counts as empty")
		return
	}
	s, err := decodeState(b)
	if err != nil {
		aside := filepath.Join(a.o.Dir, damagedName)
		err = errors.Join(err, os.Rename(path, aside))
		a.o.Log.Error().Err(err).Str("set_aside", aside).Msg("the state of the alerts can't be used: it counts as empty")
		return
	}
	a.before = max(0, s.Clock)
	if !s.Saved.IsZero() {
		// What ran on after the save is not known, only that it is no more than
		// lies between two, and no more than the wall clock says.
		a.before += max(0, min(checkpoint, a.started.Round(0).Sub(s.Saved)))
	}
	for _, t := range s.Topics {
		if t.Topic != nil {
			t.Topic.notAfter(a.before)
			a.topics[key{t.Kind, t.Name}] = t.Topic
		}
	}
	for name, h := range s.Heard {
		a.heard[name] = heard{Read: h.Read, At: min(h.At, a.before)}
	}
	a.dirty = len(a.topics) > 0
}

// notAfter takes back times that have not come yet: they would mute.
func (t *topic) notAfter(now time.Duration) {
	t.From, t.Calm = min(t.From, now), min(t.Calm, now)
	for ch := range channels {
		v := &t.Voices[ch]
		v.At, v.CountedAt = min(v.At, now), min(v.CountedAt, now)
	}
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, stateMax))
}

const (
	saveEvery = time.Second      // lies between two saves, but for those of what was sent
	saveAgain = 10 * time.Second // after one that failed
)

// saveIfDue saves what has changed, and the clock now and then. It gives how
// long nothing will have to be saved unless something changes.
func (a *Alerts) saveIfDue() time.Duration {
	wait := a.untilSave()
	if wait <= 0 {
		a.save(false)
		wait = a.untilSave()
	}
	return wait
}

func (a *Alerts) untilSave() time.Duration {
	a.saving.Lock()
	last, failed := a.saved, a.said != ""
	a.saving.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	since := a.clock() - last
	switch {
	case a.dirty && failed:
		return saveAgain - since
	case a.dirty:
		return saveEvery - since
	case a.waitsLocked():
		return checkpoint - since
	}
	return time.Hour
}

// waitsLocked reports whether the clock matters after a restart.
func (a *Alerts) waitsLocked() bool {
	now := a.clock()
	for k, t := range a.topics {
		if t.On {
			return true
		}
		c := a.contactLocked(k)
		for _, v := range t.Voices {
			if v.Ever && now-v.CountedAt < c.resend+checkpoint {
				return true
			}
		}
	}
	return len(a.heard) > 0
}

// save writes the state. A failure is said when it changes. last: nothing runs
// after it.
func (a *Alerts) save(last bool) {
	a.saving.Lock()
	defer a.saving.Unlock()
	a.mu.Lock()
	s := state{Clock: a.clock(), Saved: time.Now().Round(0), Topics: []savedTopic{}, Heard: a.heard}
	if last {
		s.Saved = time.Time{}
	}
	for _, k := range a.inOrderLocked() {
		s.Topics = append(s.Topics, savedTopic{k.kind, k.name, a.topics[k]})
	}
	b, err := encodeState(&s)
	a.dirty = false
	a.mu.Unlock()
	if err == nil {
		err = writeFile(a.o.Dir, stateName, b)
	}
	a.saved = s.Clock
	said := ""
	if err != nil {
		said = err.Error()
		a.mu.Lock()
		a.dirtyLocked()
		a.mu.Unlock()
	}
	if said != "" && said != a.said {
		a.o.Log.Error().Err(err).Msg("the state of the alerts can't be saved: after a restart they may be told again")
	}
	a.said = said
}

// writeFile puts b in the place of a file, durably or not at all.
func writeFile(dir, name string, b []byte) (err error) {
	path := filepath.Join(dir, name)
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(part)
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
