package admin

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// An address may say so many wrong tokens at once, and then one an interval.
const (
	brakeFree     = 5
	brakeInterval = time.Second
	brakeMost     = 1024 // addresses; the rest count as one
)

// brake slows down who tries tokens, by address: of an IPv6 network of 64 bits
// all count as one. Who is right pays nothing, and doesn't come here.
type brake struct {
	mu   sync.Mutex
	owes map[netip.Prefix]time.Time // until when all that was taken is paid
}

// take counts a try; if it comes too early, it gives how long to wait. fresh:
// nothing was owed.
func (b *brake) take(from netip.Prefix) (wait time.Duration, fresh bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	key := b.keyLocked(from, now)
	paid := b.owes[key]
	if fresh = !paid.After(now); fresh {
		paid = now
	}
	paid = paid.Add(brakeInterval)
	if wait := paid.Sub(now) - brakeFree*brakeInterval; wait > 0 {
		return wait, false
	}
	b.owes[key] = paid
	return 0, fresh
}

// keyLocked finds room for an address.
func (b *brake) keyLocked(from netip.Prefix, now time.Time) netip.Prefix {
	if b.owes == nil {
		b.owes = map[netip.Prefix]time.Time{}
	}
	if _, ok := b.owes[from]; ok || len(b.owes) < brakeMost {
		return from
	}
	for key, paid := range b.owes {
		if !paid.After(now) {
			delete(b.owes, key)
		}
	}
	if len(b.owes) < brakeMost {
		return from
	}
	return netip.Prefix{}
}

// addressOf gives who a request is counted for.
func addressOf(r *http.Request) netip.Prefix {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	bits, a := 64, at.Addr().Unmap().WithZone("")
	if a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits) // the bits are right
	return p
}
