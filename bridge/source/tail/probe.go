package tail

import (
	"errors"
	"io/fs"
	"time"

	"github.com/tailpost/tailpost/bridge/source/access"
)

// probeEvery is how often it is tried whether a log that is held could be opened
// again, where neither its mode nor its owner has changed: an access list may
// have, or the sandbox that we run in.
const probeEvery = 5 * time.Second

// probe is when the log was opened last, and as what.
type probe struct {
	of fileStat
	at time.Time
}

func (p probe) holds(st fileStat) bool {
	return p.of.id == st.id && p.of.mode == st.mode && p.of.uid == st.uid && p.of.gid == st.gid && time.Since(p.at) < probeEvery
}

// probeLocked gives why the log, which we have opened, may not be opened any
// more. Nothing is lost by that yet, for what is held is read on; but the next
// start would find it closed, and most likely so would the next rotation the file
// that takes its name.
func (l *lookout) probeLocked(st fileStat) error {
	if l.probe.holds(st) {
		return nil
	}
	f, err := l.open(l.path)
	if errors.Is(err, fs.ErrPermission) {
		l.probe = probe{} // it is tried at each look, until it is mended
		return err
	}
	if err == nil { // other errors are told when they matter
		f.Close()
	}
	l.probe = probe{st, time.Now()}
	return nil
}

// closed says why a log may not be opened any more that is held.
func closed(path string, err error) access.Reason {
	r := access.File(path, err)
	r.Why += "; it is open, and read on, but not after the next start"
	return r
}
