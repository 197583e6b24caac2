package tail

import "time"

// arrivals tells when which bytes of a file were seen first, oldest first: up
// to size they were there at that time.
type arrivals []arrival

type arrival struct {
	size int64
	at   time.Time
}

// arrivalsMost bounds how many are kept of a file. Where there are more, two
// neighbours become one with the time of the older: then it is "at most so
// long".
const arrivalsMost = 32

// grown adds what a look has shown.
func (as arrivals) grown(u unread, now time.Time) arrivals {
	as = as.after(u.off)
	if len(as) > 0 && as[len(as)-1].size > u.size { // it began anew
		as = nil
	}
	switch written := time.Unix(0, u.mtime); {
	case len(as) > 0 && as[len(as)-1].size == u.size:
		return as
	case len(as) == 0 && written.Before(now): // it may have been there for as long as it hasn't changed
		now = written
	}
	as = append(as, arrival{u.size, now})
	if len(as) > arrivalsMost {
		as = as.thinned()
	}
	return as
}

func (as arrivals) thinned() arrivals {
	out := make(arrivals, 0, arrivalsMost)
	for i := 0; i < len(as); i += 2 {
		a := as[i]
		if i+1 < len(as) {
			a.size = as[i+1].size
		}
		out = append(out, a)
	}
	return out
}

// after leaves out what stands before off. It gives a list of its own.
func (as arrivals) after(off int64) arrivals {
	var out arrivals
	for _, a := range as {
		if a.size > off {
			out = append(out, a)
		}
	}
	return out
}

// first gives when the byte at off was there; zero: it isn't known.
func (as arrivals) first(off int64) time.Time {
	for _, a := range as {
		if a.size > off {
			return a.at
		}
	}
	return time.Time{}
}
