package drop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/status"
)

func (r *rig) told() (to status.Source) {
	r.src.Tell(&to)
	return to
}

// wantState waits until the source is in a state, and says so.
func (r *rig) wantState(want status.State, text string) {
	r.t.Helper()
	var is status.Source
	r.until(string(want)+" "+text, func() bool {
		is = r.told()
		return is.State == want && strings.Contains(is.Text, text) && (is.Text == "") == (text == "")
	})
	if is.Since.IsZero() != (want == status.OK) {
		r.t.Errorf("%s since %v", is.State, is.Since)
	}
}

// TestStates: of the directory, and of files in it.
func TestStates(t *testing.T) {
	r := newRig(t, mode(DoneDelete))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Remove(r.dir))
	r.start()
	r.wantState(status.Unreadable, "the directory "+r.dir+" does not exist: create it")
	r.write(r.dir, "a file")
	r.wantState(status.Unreadable, r.dir+" is no directory")
	must(os.Remove(r.dir))
	must(os.Mkdir(r.dir, 0o755))
	r.wantState(status.OK, "")
	claim := (&reader{o: r.o}).claimDir()
	r.write(claim, "in the way") // no file can be got out of the way
	r.drop("a", "1\n", old)
	r.drop("b", "2\n", old)
	r.wantState(status.Partly, "2 files, such as this one: can't delete a file: a: ")
	must(os.Remove(claim))
	r.wantState(status.OK, "")
}

// TestDirectoryBesideManyFiles: that nothing can be read shows, however many
// files have troubles of their own.
func TestDirectoryBesideManyFiles(t *testing.T) {
	r := newRig(t, mode(DoneDelete))
	r.start()
	r.wantState(status.OK, "")
	r.write((&reader{o: r.o}).claimDir(), "in the way") // no file can be got out of the way
	for i := range saidMax + 1 {
		path := r.path(fmt.Sprintf("f%04d", i))
		r.write(path, "")
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-old)); err != nil {
			t.Fatal(err)
		}
	}
	r.wantState(status.Partly, fmt.Sprintf("%d files, such as this one: can't delete a file: ", saidMax))
	if err := os.RemoveAll(r.dir); err != nil {
		t.Fatal(err)
	}
	r.wantState(status.Unreadable, "the directory "+r.dir+" does not exist: create it")
}

// TestLag: what nobody takes is counted, until it is durable.
func TestLag(t *testing.T) {
	r := newRig(t)
	release, waits := make(chan struct{}), make(chan struct{}, 9)
	r.src = New(r.o)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	if is := r.told(); is.State != status.Starting {
		t.Errorf("before it runs: %+v", is)
	}
	r.drop("a", "1\n", old)
	r.drop("b", "22\n", old)
	r.drop("c.tmp", "not yet\n", old)
	go func() {
		done <- r.src.Run(ctx, nil, func(ctx context.Context, b bridge.Batch) error {
			waits <- struct{}{}
			select {
			case <-release:
				return r.emit(ctx, b)
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	<-waits
	if is := r.told(); is.LagBytes != 5 || is.Others != 2 || is.LagSeconds <= 0 {
		t.Errorf("%+v", is)
	}
	close(release)
	r.until("all of it", func() bool {
		is := r.told()
		return is.LagBytes == 0 && is.Others == 0 && is.LagSeconds == 0
	})
	if _, err := os.Stat(filepath.Join(r.dir, doneDir, "b")); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
