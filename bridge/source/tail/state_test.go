package tail

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

func sample() state {
	return state{
		id: fileID{dev: 8<<32 | 1, ino: 12345, birth: -1}, seq: 7, off: 1 << 40, size: 1<<40 + 1, mtime: 1700000000e9,
		skip: true, partial: true, firstSum: 1, lastSum: 1 << 63, head: []byte("first line"), lines: []uint64{1, 2, 3},
		passed: []passed{{600, 5}, {1 << 39, 6}},
	}
}

func TestStateRoundTrip(t *testing.T) {
	for _, s := range []state{{}, sample(), sample().settled(), {align: true, off: 5}, {packed: true, disk: 9, size: 70}, {log: "/var/log/a", where: "/data"}} {
		got, err := decodeState(s.encode())
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, s)
		}
	}
}

func TestStateCutAnywhere(t *testing.T) {
	b := sample().encode()
	for n := range b {
		if _, err := decodeState(b[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken", n, len(b))
		}
	}
	if _, err := decodeState(append(b, 0)); err == nil {
		t.Error("a byte more was taken")
	}
}

// To begin anew where the position can't be read would repeat or lose.
func TestStateOfAnotherVersionIsAnError(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := sample().encode()
	b[0] = 9
	err := r.src.Run(t.Context(), []bridge.Position{{Stream: "x", Data: b}}, func(context.Context, bridge.Batch) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "version 9") {
		t.Errorf("err %v", err)
	}
}

func FuzzDecodeState(f *testing.F) {
	f.Add(sample().encode())
	f.Add(sample().settled().encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeState(b)
		if err != nil {
			return
		}
		again, err := decodeState(s.encode())
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Errorf("%+v became %+v, %v", s, again, err)
		}
	})
}
