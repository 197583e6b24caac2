package app

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func TestStateDirOfOthersIsNamed(t *testing.T) {
	me := os.Geteuid()
	for _, test := range []struct {
		name string
		mode fs.FileMode
		lock bool
		uid  int
		want string
	}{
		{name: "ours alone", mode: 0o700, lock: true, uid: me},
		{name: "others may look", mode: 0o755, lock: true, uid: me},
		{name: "others may write", mode: 0o770, lock: true, uid: me, want: "others can write in the state directory"},
		{name: "used by another", mode: 0o700, lock: true, uid: me + 1, want: "is another user's"},
		{name: "made for us, not used yet", mode: 0o700, uid: me + 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Chmod(dir, test.mode); err != nil {
				t.Fatal(err)
			}
			if test.lock {
				if err := os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var said bytes.Buffer
			warnStateDir(dir, test.uid, zerolog.New(&said))
			if got := said.String(); !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("said %q, want %q", got, test.want)
			}
		})
	}
}

func TestForeignFileHasAHint(t *testing.T) {
	dir := t.TempDir()
	if got := foreignHint(dir, fmt.Errorf("open: %w", fs.ErrPermission)); !strings.Contains(got, "chown -R") {
		t.Error(got)
	}
	if got := foreignHint(dir, fs.ErrNotExist); got != "" {
		t.Error(got)
	}
}
