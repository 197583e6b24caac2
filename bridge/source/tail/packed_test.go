package tail

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

func zipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func openPacked(t *testing.T, b []byte) *packed {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.gz")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return newPacked(f, new(atomic.Bool))
}

// Whatever is asked for in whatever order, the plain bytes come.
func TestPackedReadsLikeThePlainFile(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	plain := make([]byte, 0, 3*packedKept)
	for len(plain) < cap(plain) {
		plain = binary.BigEndian.AppendUint64(plain, rnd.Uint64()&0x0707070707070707)
	}
	half := len(plain) / 2
	for _, tc := range []struct {
		name string
		in   []byte
	}{
		{name: "one member", in: zipped(t, plain)},
		{name: "two members", in: append(zipped(t, plain[:half]), zipped(t, plain[half:])...)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := openPacked(t, tc.in)
			if err := p.measure(); err != nil || p.size != int64(len(plain)) || p.bad != nil {
				t.Fatalf("size %d, bad %v, %v", p.size, p.bad, err)
			}
			want := bytes.NewReader(plain)
			for range 12 {
				off, n := rnd.Int64N(int64(len(plain))+10), rnd.IntN(3*packedChunk)
				a, b := make([]byte, n), make([]byte, n)
				gotN, gotErr := p.ReadAt(a, off)
				wantN, wantErr := want.ReadAt(b, off)
				if gotN != wantN || gotErr != wantErr || !bytes.Equal(a[:gotN], b[:wantN]) {
					t.Fatalf("%d bytes at %d: %d, %v; want %d, %v", n, off, gotN, gotErr, wantN, wantErr)
				}
				if cap(p.kept) > 4*packedKept {
					t.Fatalf("%d bytes are kept", cap(p.kept))
				}
			}
		})
	}
}

func TestPackedDamage(t *testing.T) {
	plain := bytes.Repeat([]byte("some line or other\n"), 20000)
	whole := zipped(t, plain)
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	for _, tc := range []struct {
		name           string
		in             []byte
		wantUnfinished bool
		wantBad        bool
	}{
		{name: "whole", in: whole},
		{name: "empty", in: nil, wantUnfinished: true, wantBad: true},
		{name: "cut in the header", in: whole[:5], wantUnfinished: true, wantBad: true},
		{name: "cut in the middle", in: whole[:len(whole)/2], wantUnfinished: true, wantBad: true},
		{name: "cut in the checksum", in: whole[:len(whole)-3], wantUnfinished: true, wantBad: true},
		{name: "wrong checksum", in: flipped, wantBad: true},
		{name: "no gzip at all", in: plain, wantBad: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := openPacked(t, tc.in)
			if err := p.measure(); err != nil {
				t.Fatal(err)
			}
			if p.unfinished() != tc.wantUnfinished || (p.bad != nil) != tc.wantBad {
				t.Errorf("bad %v", p.bad)
			}
			got := make([]byte, p.size)
			if n, err := p.ReadAt(got, 0); err != nil && err != io.EOF || int64(n) != p.size || !bytes.Equal(got, plain[:n]) {
				t.Errorf("%d of %d bytes, %v", n, p.size, err)
			}
		})
	}
}
