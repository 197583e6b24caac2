package framing

// digitsMax bounds the digits of a count: frames of a GB and more don't exist,
// but lines that begin with a Unix time do.
const digitsMax = 9

// head holds a frame's first bytes as long as they could be a count: digits,
// then a blank.
type head struct {
	bytes [digitsMax + 1]byte
	n     int
	blank bool
}

// next tells by one more byte what the frame is. That byte is taken only if
// it can't be told yet.
func (h *head) next(c byte) kind {
	switch {
	case h.blank && (c == '<' || c == '{'):
		return counted
	case h.blank:
		return ended
	case c == ' ' && h.n > 0:
		h.blank = true
	case h.n == digitsMax || c < '0' || c > '9' || c == '0' && h.n == 0:
		return ended
	}
	h.bytes[h.n] = c
	h.n++
	return unknown
}

// count is the frame's length, 1 at least.
func (h *head) count() (n int64) {
	for _, c := range h.bytes[:h.n-1] {
		n = n*10 + int64(c-'0')
	}
	return n
}
