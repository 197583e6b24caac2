package filesink

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/sinktest"
)

func open(t *testing.T, path string) *Sink {
	t.Helper()
	s, err := New(Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConnect(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("half a line"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, path, wantStep, wantErr string
	}{
		{name: "a file", path: there, wantStep: "can be written"},
		{name: "a file to come", path: filepath.Join(dir, "new"), wantStep: "it can be made in " + dir},
		{name: "no folder", path: filepath.Join(dir, "no", "new"), wantStep: "isn't there yet", wantErr: "no such file or directory"},
		{name: "a directory", path: dir, wantErr: "is a directory"},
		{name: "standard output", path: "-", wantStep: "nothing to be opened"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rec, err := open(t, tc.path).Connect(t.Context())
			if steps := strings.Join(rec.Steps, "; "); !strings.Contains(steps, tc.wantStep) || rec.Peer != tc.path {
				t.Errorf("%+v", rec)
			}
			var de *bridge.DeliveryError
			if (err == nil) != (tc.wantErr == "") || err != nil && (!errors.As(err, &de) || !strings.Contains(err.Error(), tc.wantErr)) {
				t.Errorf("got %v, want %q", err, tc.wantErr)
			}
		})
	}
	if b, _ := os.ReadFile(there); string(b) != "half a line" {
		t.Errorf("the file is %q now", b)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%v were left behind", entries)
	}
}

func TestPreviewIsWhatDeliverWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	s := open(t, path)
	d := bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1), sinktest.PlainEvent(2)}, Attempt: 1}
	want, err := s.Preview(d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("Preview made the file")
	}
	if _, err := s.Deliver(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != string(want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A line that seems to be cut off may be one that the bridge is writing.
func TestExplainedDeliveryCutsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(`{"id":"0`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	d := bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}, Attempt: 1, Explain: true}
	rec, err := s.Deliver(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	line, _ := s.Preview(d)
	if got, _ := os.ReadFile(path); string(got) != `{"id":"0`+"\n"+string(line) {
		t.Errorf("got %s", got)
	}
	if steps := strings.Join(rec.Steps, "; "); !strings.Contains(steps, "opened") || !strings.Contains(steps, "synced") || rec.Answer == "" {
		t.Errorf("%+v", rec)
	}
	if _, err := open(t, filepath.Join(path, "no")).Deliver(t.Context(), d); err == nil {
		t.Error("no error")
	}
}
