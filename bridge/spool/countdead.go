package spool

import "context"

// CountDead counts the dead letters in a state directory by their recipients,
// as ReadDead gives them. It reads all of them, up to 1 GiB, and gives that up,
// with ctx's error, when ctx ends: at the next letter or file, which has 4 MiB.
func CountDead(ctx context.Context, dir string) (map[string]int, error) {
	return countDead(ctx, OS(), dir)
}

func countDead(ctx context.Context, fsys FS, dir string) (map[string]int, error) {
	out := map[string]int{}
	err := readDead(until{fsys, ctx.Err}, dir, func(l DeadLetter) error {
		out[l.Recipient]++
		return ctx.Err()
	})
	return out, err
}

// until is a file system that opens nothing more once it is over: not every
// pass over the files comes by a letter.
type until struct {
	FS
	over func() error
}

func (u until) Open(name string, write bool) (File, error) {
	if err := u.over(); err != nil {
		return nil, err
	}
	return u.FS.Open(name, write)
}
