//go:build torture

package torture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// style is how a log's old files are named.
type style int

const (
	numbered style = iota // session.log.1 is the newest, as logrotate does
	dated                 // session.log-20260131-1769817600
	linked                // session.log is a symbolic link to session-20260131-1769817600.log
)

// The ways in which a log is rotated.
const (
	byRename   = "rename and create"
	byCopy     = "copytruncate"
	byGap      = "copytruncate, written to in between"
	byDelete   = "delete and create, all read"
	byLoss     = "delete and create, not all read"
	bySwitch   = "symlink switch"
	compressed = "compressed"
)

// running chooses the next rotation of a log that is read, perhaps.
func (k *book) running() string {
	if k.style == linked {
		return bySwitch
	}
	return [...]string{byRename, byRename, byRename, byCopy, byCopy, byCopy, byDelete, byDelete, byGap, byLoss}[k.rng.IntN(10)]
}

// down chooses one of a log that nobody reads now.
func (k *book) down() string {
	if k.style != linked && k.rng.IntN(6) == 0 {
		return byLoss
	}
	return k.running()
}

// rotate does it, and clears away what is too old.
func (k *book) rotate(kind string) error {
	if kind != byRename && kind != bySwitch {
		if err := k.finishLine(); err != nil {
			return err
		}
	}
	if kind == byDelete && len(k.board.unseen(k.live.messages)) > 0 || kind == byLoss && !k.met() {
		kind = byRename
	}
	k.made++
	err := map[string]func() error{
		byRename: k.rename, byCopy: k.copyAway, byGap: k.copyWithGap, byDelete: k.remove, byLoss: k.removeUnread, bySwitch: k.relink,
	}[kind]()
	k.done[kind]++
	k.note(kind)
	if err == nil && k.rng.IntN(4) == 0 {
		err = k.compress()
	}
	return errors.Join(err, k.prune())
}

// met reports whether the bridge has read something of the live file, but
// not all that stands there was seen to have been read.
func (k *book) met() bool {
	n := len(k.board.unseen(k.live.messages))
	return n > 0 && n < len(k.live.messages)
}

// first makes room for the newest old file, and gives its path.
func (k *book) first() (string, error) {
	stamp := fmt.Sprintf("-20260131-%d", 1769817600+k.made)
	switch k.style {
	case dated:
		return k.path + stamp, nil
	case linked:
		ext := filepath.Ext(k.path)
		return k.path[:len(k.path)-len(ext)] + stamp + ext, nil
	}
	for i, g := range k.old {
		to := fmt.Sprintf("%s.%d", k.path, len(k.old)-i+1)
		if g.zipped {
			to += ".gz"
		}
		if err := os.Rename(g.path, to); err != nil {
			return "", err
		}
		g.path = to
	}
	return k.path + ".1", nil
}

func (k *book) rename() error {
	to, err := k.first()
	if err != nil {
		return err
	}
	if err := os.Rename(k.path, to); err != nil {
		return err
	}
	k.live.path = to
	// The program goes on with its old file for a while.
	if k.rng.IntN(3) == 0 {
		err = k.write(1 + k.rng.IntN(20))
	}
	if err := errors.Join(err, k.finishLine(), k.close()); err != nil {
		return err
	}
	k.old = append(k.old, k.live)
	k.live = &generation{path: k.path}
	if k.rng.IntN(2) == 0 {
		err = k.put(nil)
	}
	return err
}

func (k *book) copyAway() error    { return k.copyThen(func() error { return nil }) }
func (k *book) copyWithGap() error { return k.copyThen(func() error { return k.gap() }) }

// copyThen copies the live file, does something, and empties it.
func (k *book) copyThen(between func() error) error {
	to, err := k.first()
	if err != nil {
		return err
	}
	b, err := os.ReadFile(k.path)
	if err != nil {
		return err
	}
	if err := k.spread(to, b); err != nil {
		return err
	}
	k.live.path = to
	k.old = append(k.old, k.live)
	k.live = &generation{path: k.path}
	if err := between(); err != nil {
		return err
	}
	return os.Truncate(k.path, 0)
}

// gap writes what the copy does not have any more.
func (k *book) gap() error {
	if err := k.write(1 + k.rng.IntN(5)); err != nil {
		return err
	}
	if err := k.finishLine(); err != nil {
		return err
	}
	k.removed(byGap, false, k.live)
	k.live = &generation{path: k.path}
	return nil
}

// spread writes a file piece by piece: a copy is not there at once.
func (k *book) spread(to string, b []byte) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	for len(b) > 0 && err == nil {
		n := min(len(b), 1+k.rng.IntN(32<<10))
		_, err = f.Write(b[:n])
		b = b[n:]
	}
	return errors.Join(err, f.Close())
}

func (k *book) removeUnread() error {
	k.removed(byLoss, true, k.live)
	return k.remove()
}

func (k *book) remove() error {
	k.removals = append(k.removals, removal{kind: byDelete, bytes: k.live.bytes})
	err := errors.Join(os.Remove(k.path), k.close())
	k.live = &generation{path: k.path}
	return errors.Join(err, k.put(nil))
}

// relink creates the next file and moves the link to it.
func (k *book) relink() error {
	to, err := k.first()
	if err != nil {
		return err
	}
	next, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if err := os.Symlink(filepath.Base(to), k.path+".tmp"); err != nil {
		return err
	}
	if err := os.Rename(k.path+".tmp", k.path); err != nil {
		return err
	}
	err = errors.Join(k.finishLine(), k.close())
	if k.made > 1 { // the first one makes the log
		k.old = append(k.old, k.live)
	}
	k.live, k.f = &generation{path: to}, next
	return err
}
