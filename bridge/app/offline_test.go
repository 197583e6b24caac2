package app

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/spool"
)

func TestAnotherUsersStateDirectoryIsRefused(t *testing.T) {
	c := load(t, t.TempDir(), toFile("out"))
	if _, _, err := runOnce(t, c, line); err != nil {
		t.Fatal(err)
	}
	if err := belongsTo(c.StateDir, os.Geteuid()); err != nil {
		t.Error(err)
	}
	if err := belongsTo(c.StateDir, os.Geteuid()+1); err == nil || !strings.Contains(err.Error(), "run it as that user") {
		t.Errorf("error %v", err)
	}
}

// TestOfflineSaysWhoHasTheLock, at once.
func TestOfflineSaysWhoHasTheLock(t *testing.T) {
	c := load(t, t.TempDir(), toFile("out"))
	withSpool(t, c, func(*spool.Spool) {
		err := Offline(t.Context(), c, Options{}, func(context.Context, admin.Actions) error {
			t.Error("it was done")
			return nil
		})
		if locked := (*spool.LockedError)(nil); !errors.As(err, &locked) || locked.PID != os.Getpid() {
			t.Errorf("error %v", err)
		}
	})
}
