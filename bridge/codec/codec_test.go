package codec_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/codec"
)

// written has one value of each sort, in the order in which read reads them.
func written() []byte {
	b := binary.AppendUvarint(nil, 1<<40)
	b = binary.AppendVarint(b, -1<<40)
	b = binary.LittleEndian.AppendUint64(b, 7)
	b = binary.BigEndian.AppendUint64(b, 8)
	b = codec.AppendTime(b, time.Unix(1, 2))
	b = append(b, 9)
	b = codec.AppendSized(b, "text")
	b = codec.AppendSized(b, []byte{1, 2})
	b = binary.AppendUvarint(b, 3)
	b = binary.AppendUvarint(b, 2)
	return append(b, 5, 6)
}

func read(r *codec.Reader) bool {
	uvarint, varint, little, big := r.Uvarint(), r.Varint(), r.Uint64(), r.BigUint64()
	at, one, text, bytes := r.Time(), r.Byte(), r.Text(), r.Sized()
	few, count := r.UpTo(3), r.Count(1)
	rest := r.Take(2)
	return uvarint == 1<<40 && varint == -1<<40 && little == 7 && big == 8 &&
		at.Equal(time.Unix(1, 2)) && one == 9 && text == "text" && string(bytes) == "\x01\x02" &&
		few == 3 && count == 2 && string(rest) == "\x05\x06"
}

func TestReader(t *testing.T) {
	r := codec.Reader{Rest: written()}
	if !read(&r) || !r.Done() {
		t.Errorf("read wrongly: %+v", r)
	}
	for n := range len(written()) {
		r := codec.Reader{Rest: written()[:n]}
		if read(&r); r.Err == nil || r.Done() || r.Rest != nil {
			t.Errorf("cut to %d bytes: %+v", n, r)
		}
	}
	r = codec.Reader{Rest: append(written(), 0)}
	if read(&r); r.Done() || r.Err != nil {
		t.Errorf("with a byte more: %+v", r)
	}
}

// TestReaderBounds: what would size a slice, or be read past the end.
func TestReaderBounds(t *testing.T) {
	most := binary.AppendUvarint(nil, 1<<63)
	for name, read := range map[string]func(r *codec.Reader) bool{
		"a length past the end":      func(r *codec.Reader) bool { return r.Sized() == nil },
		"more than asked for":        func(r *codec.Reader) bool { return r.UpTo(100) == 0 },
		"more things than can be":    func(r *codec.Reader) bool { return r.Count(1) == 0 },
		"more bytes than there are":  func(r *codec.Reader) bool { return r.Take(100) == nil },
		"a value that can't be":      func(r *codec.Reader) bool { r.Fail(); return r.Byte() == 0 },
		"nothing more after a fault": func(r *codec.Reader) bool { r.Take(1 << 62); return r.Uvarint() == 0 },
	} {
		if r := (codec.Reader{Rest: append(most, 1, 2)}); !read(&r) || r.Err == nil || len(r.Rest) > 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r := codec.Reader{Rest: []byte{3, 1, 1, 1, 1, 1}}
	if n := r.Count(2); n != 0 || r.Err == nil {
		t.Errorf("three things of two bytes in five: %d, %v", n, r.Err)
	}
}
