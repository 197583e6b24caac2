package httpin

import (
	"io"
	"net/http"
)

// bodyBegin is the memory that a body gets at first, in bytes.
const bodyBegin = 4 << 10

// unread says for the log why a body could not be read.
var unread = map[int]string{
	http.StatusBadRequest:            "the body ended early, or its sender was too slow",
	http.StatusRequestEntityTooLarge: "over max_line",
	http.StatusServiceUnavailable:    "the bodies that wait take all the memory there is for them",
}

// read reads a whole body, max_line bytes of it at most. Its memory, size
// bytes, is taken from the budget as the body comes, not as it is announced:
// who announces much and sends nothing keeps nobody out. A status other than 0
// says why it could not be read.
func (in *intake) read(r *http.Request) (body []byte, size int64, status int) {
	most := int(in.s.o.MaxLine)
	grow := func(to int) bool {
		if !in.room.take(int64(to) - size) {
			return false
		}
		size = int64(to)
		body = append(make([]byte, 0, to), body...)
		return true
	}
	give := func(status int) ([]byte, int64, int) {
		in.room.free(size)
		return nil, 0, status
	}
	if !grow(bodyBegin) {
		return give(http.StatusServiceUnavailable)
	}
	for {
		if len(body) == cap(body) && !grow(min(2*cap(body), most+1)) {
			return give(http.StatusServiceUnavailable)
		}
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > most:
			return give(http.StatusRequestEntityTooLarge)
		case err == io.EOF:
			return body, size, 0
		case err != nil:
			return give(http.StatusBadRequest)
		}
	}
}
