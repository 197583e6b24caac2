// Package codec writes and reads the values that positions, journals and
// saved states are made of: varints, fixed numbers, times, and bytes behind
// their length. Whose formats they are says which value comes when.
package codec

import (
	"encoding/binary"
	"errors"
	"time"
)

// ErrShort is of bytes that end before the value that should stand there, or
// of a number that is larger than what can follow it.
var ErrShort = errors.New("cut short")

// Reader takes values off the front of Rest. After the first thing that
// doesn't fit, Err is ErrShort, Rest is empty, and all further values are
// zero: one look at Err, or at Done, at the end is enough. It copies nothing.
// A Reader is for one goroutine.
type Reader struct {
	Rest []byte
	Err  error
}

// Fail makes what was read so far as wrong as bytes that are cut short. For
// values that are there and can't be.
func (r *Reader) Fail() { r.Rest, r.Err = nil, ErrShort }

// Done reports whether everything was read, and nothing was wrong.
func (r *Reader) Done() bool { return r.Err == nil && len(r.Rest) == 0 }

// Uvarint reads what binary.AppendUvarint wrote.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.Rest)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.Rest = r.Rest[n:]
	return v
}

// Varint reads what binary.AppendVarint wrote.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.Rest)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.Rest = r.Rest[n:]
	return v
}

// UpTo reads a uvarint that is most at most; a larger one is wrong.
func (r *Reader) UpTo(most int) int {
	v := r.Uvarint()
	if v > uint64(most) {
		r.Fail()
		return 0
	}
	return int(v)
}

// Count reads a number of things that take least bytes each, at the least:
// never more than what follows can hold, so that it may size a slice.
func (r *Reader) Count(least int) int {
	n := r.Uvarint()
	if n > uint64(len(r.Rest)/least) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Uint64 reads 8 bytes, the lowest first.
func (r *Reader) Uint64() uint64 {
	b := r.Take(8)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

// BigUint64 reads 8 bytes, the highest first.
func (r *Reader) BigUint64() uint64 {
	b := r.Take(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// Byte reads one.
func (r *Reader) Byte() byte {
	b := r.Take(1)
	if b == nil {
		return 0
	}
	return b[0]
}

// Take gives the next n bytes, nil if they aren't there. They are part of
// what Rest pointed into.
func (r *Reader) Take(n uint64) []byte {
	if n > uint64(len(r.Rest)) {
		r.Fail()
		return nil
	}
	b := r.Rest[:n:n]
	r.Rest = r.Rest[n:]
	return b
}

// Sized gives bytes that stand behind their length; see AppendSized. They are
// part of what Rest pointed into.
func (r *Reader) Sized() []byte { return r.Take(r.Uvarint()) }

// Text reads what AppendSized wrote as a text of its own.
func (r *Reader) Text() string { return string(r.Sized()) }

// Time reads what AppendTime wrote.
func (r *Reader) Time() time.Time { return time.Unix(0, int64(r.Uint64())) }

// AppendSized appends v behind its length as a uvarint.
func AppendSized[T ~string | ~[]byte](b []byte, v T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

// AppendTime appends t in nanoseconds of Unix time, 8 bytes, the lowest first.
func AppendTime(b []byte, t time.Time) []byte {
	return binary.LittleEndian.AppendUint64(b, uint64(t.UnixNano()))
}
