package live

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// PacketConn is a socket that datagrams come to: a net.UDPConn or
// net.UnixConn.
type PacketConn interface {
	net.PacketConn
	syscall.Conn
}

// DatagramOptions say what a source of datagrams needs. Allow may be nil.
type DatagramOptions struct {
	Name    string // the source's
	MaxLine int    // bytes
	// Listen opens what datagrams come to. An error is tried again.
	Listen func(context.Context) (PacketConn, error)
	// Allow says whether a local process may send. It is not called where the
	// system doesn't say whose a datagram is.
	Allow func(uid uint32) bool
	Log   zerolog.Logger // with the source's name
}

// Datagrams reads all datagrams to one address, each a line. It implements
// bridge.Source.
type Datagrams struct {
	o       DatagramOptions
	counts  counters
	ahead   ahead[PacketConn]
	refused notice
	dropped notice
}

var _ bridge.Source = (*Datagrams)(nil)

// NewDatagrams gives a source that does nothing until Run.
func NewDatagrams(o DatagramOptions) *Datagrams { return &Datagrams{o: o} }

// Stats is safe for concurrent use.
func (d *Datagrams) Stats() Stats { return d.counts.get() }

// Listening reports whether it listens now. It is safe for concurrent use.
func (d *Datagrams) Listening() bool { return d.counts.get().Listening }

// Run listens and reads until ctx ends, or emit fails. There are no positions:
// a datagram can't be read again.
func (d *Datagrams) Run(ctx context.Context, _ []bridge.Position, emit bridge.Emit) error {
	before := d.counts.get()
	in, stop := context.WithCancel(ctx)
	out, cut := outlive(ctx, lastEmits)
	f, q := newFunnel(), newPacks()
	r := &receiver{d: d, head: make([]byte, headBytes), oob: make([]byte, senderBytes)}
	r.buf = make([]byte, min(d.o.MaxLine, datagramMost)+1)
	_, _ = rand.Read(r.head) // never fails
	var all sync.WaitGroup
	all.Go(func() {
		defer q.close()
		r.receive(in, out, q)
	})
	all.Go(func() {
		defer f.close()
		d.handOn(out, q, f)
	})
	err := f.run(out, emit)
	stop()
	cut()
	all.Wait()
	d.counts.add(func(s *Stats) { s.Abandoned += q.left() })
	d.counts.tellAbandoned(d.o.Log, before)
	return err
}

// handOn offers pack by pack, until there are no more.
func (d *Datagrams) handOn(ctx context.Context, q *packs, f *funnel) {
	for {
		p, ok := q.take(ctx)
		if !ok {
			return
		}
		err := f.offer(ctx, piece{records: p.recs, losses: p.losses, done: func() {
			d.counts.add(func(s *Stats) { s.plus(p.stats) })
			q.free(p)
		}})
		if err != nil {
			return
		}
	}
}

// receive reads until ctx ends. A socket that fails is opened again.
func (r *receiver) receive(in, out context.Context, q *packs) {
	for {
		c, ok := open(in, r.d.o.Log, &r.d.counts, func() (PacketConn, error) { return r.d.ahead.or(in, r.d.o.Listen) })
		if !ok {
			return
		}
		up, down := context.WithCancel(in)
		var watching sync.WaitGroup
		end := func() { _ = c.SetReadDeadline(time.Now().Add(lastReads)) }
		stop := context.AfterFunc(in, end)
		watching.Go(func() { watch(up, r.d.o.Log, c, end) })
		err := r.readAll(out, c, q)
		r.d.counts.add(func(s *Stats) { s.Listening = false })
		down()
		watching.Wait()
		stop()
		_ = c.Close()
		if in.Err() != nil || out.Err() != nil {
			return
		}
		r.d.o.Log.Error().Err(err).Msg("stopped listening")
		if !pause(in, reopenWait) {
			return
		}
	}
}

// readAll reads one socket until it fails or its deadline has passed.
func (r *receiver) readAll(ctx context.Context, c PacketConn, q *packs) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	r.drops = 0
	p := &pack{}
	for {
		if err := r.fill(raw, p); err != nil {
			return err
		}
		r.lost(raw, p)
		if p.empty() {
			continue
		}
		if err := q.put(ctx, p); err != nil {
			r.d.counts.add(func(s *Stats) { s.Abandoned += p.stats.Lines })
			return err
		}
	}
}

// lost notes what the kernel had no room for since the last time.
func (r *receiver) lost(raw syscall.RawConn, p *pack) {
	before := r.drops
	_ = raw.Control(func(fd uintptr) { r.drops = drops(int(fd), before) }) // a closed socket shows at the next read
	n := r.drops - before
	if n == 0 {
		return
	}
	p.stats.Dropped = int64(n)
	p.losses = append(p.losses, bridge.Loss{Stream: "datagrams", Reason: fmt.Sprintf("the kernel had no room for %d datagrams", n)})
	if times, say := r.d.dropped.count(int(n)); say {
		r.d.o.Log.Warn().Int("datagrams", times).Msg("the kernel had no room for datagrams: they are lost; raise net.core.rmem_max")
	}
}
