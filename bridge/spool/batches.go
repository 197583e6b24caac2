package spool

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/tailpost/tailpost/bridge"
)

// settledAtOnce bounds how many events one write settles: the frames must fit
// into the smallest journal.
const settledAtOnce = 128

// SettleAll does what Settle does for several events, in one write for many of
// them. Where it fails, some of them may be settled.
func (q *Queue) SettleAll(ctx context.Context, numbers []uint64, how bridge.Settlement) error {
	if len(numbers) == 1 {
		return q.Settle(ctx, numbers[0], how)
	}
	for some := range slices.Chunk(numbers, settledAtOnce) {
		for _, n := range some {
			if _, err := q.whereIs(n); err != nil {
				return err
			}
		}
		if err := q.settleSome(ctx, some, how); err != nil {
			return err
		}
	}
	return nil
}

func (q *Queue) settleSome(ctx context.Context, numbers []uint64, how bridge.Settlement) error {
	j := &q.s.journal
	frames := func(b []byte, s salt) []byte {
		for _, n := range numbers {
			b = appendFrame(b, s, frame{kind: kindSettle, detail: byte(how), count: q.p.handle, first: n}, nil)
		}
		return b
	}
	_, err := j.recordAll(ctx, frames, nil, func() {
		from := q.p.frontier().place.seg
		j.settleAllLocked(q.p, numbers, how)
		q.advanced(from)
	})
	return err
}

// settleAllLocked applies facts that were written together: a checkpoint in
// the middle of them would leave out the rest.
func (j *journal) settleAllLocked(p *progress, numbers []uint64, how bridge.Settlement) {
	for _, n := range numbers {
		if was, parked, _ := p.settle(n, how); parked {
			j.tallyLocked(was.place, -1)
		}
	}
	p.facts += len(numbers) - 1
	j.factLocked(p)
}

// Join records that these events are attempted together, in this order. Each
// event is in the batch that it joined last, until it is settled. Where the
// journal has no room for that it is left out: after a restart the events are
// attempted in other batches.
func (q *Queue) Join(ctx context.Context, numbers []uint64) error {
	if len(numbers) == 0 {
		return nil
	}
	j := &q.s.journal
	payload := appendBatch(nil, numbers)
	f := frame{kind: kindBatch, count: q.p.handle, first: numbers[0]}
	full := false
	room := func() bool {
		q.p.pruneBatches()
		full = !j.fitsLocked(j.batchBytesLocked()+int(frameBytes(len(payload))), 3, 4)
		return !full
	}
	_, err := j.recordAll(ctx, func(b []byte, s salt) []byte { return appendFrame(b, s, f, payload) }, room, func() {
		q.p.join(payload)
		j.factLocked(q.p)
	})
	if full {
		q.s.o.Log.Warn().Str("recipient", q.p.name).Int("events", len(numbers)).Msg("no room in the journal for the members of a batch; they are left out")
	}
	return err
}

// Batches gives the batches that were recorded last and have events that wait,
// without those that don't, in no order.
func (q *Queue) Batches() [][]uint64 {
	q.s.journal.mu.Lock()
	defer q.s.journal.mu.Unlock()
	q.p.batchesLeast = 0
	q.p.pruneBatches()
	out := make([][]uint64, len(q.p.batches))
	for i, b := range q.p.batches {
		out[i] = readBatch(b)
	}
	return out
}

// appendBatch appends the numbers in their order: how many (uvarint), the
// first, and of each other the difference to the one before (varints).
func appendBatch(b []byte, numbers []uint64) []byte {
	b = binary.AppendUvarint(b, uint64(len(numbers)))
	last := uint64(0)
	for _, n := range numbers {
		b = binary.AppendVarint(b, int64(n-last))
		last = n
	}
	return b
}

// readBatch gives nothing where the payload doesn't fit.
func readBatch(payload []byte) []uint64 {
	r := readerOf(payload)
	numbers := make([]uint64, r.Count(1))
	last := uint64(0)
	for i := range numbers {
		last += uint64(r.Varint())
		numbers[i] = last
	}
	if r.Err != nil {
		return nil
	}
	return numbers
}

// join applies a fact: the events are in this batch, and in no other.
func (p *progress) join(payload []byte) {
	p.batches = append(p.batches, slices.Clone(payload))
	p.batchBytes += int(frameBytes(len(payload)))
}

// leaveBatch takes an event out of the batches that it was in before it was
// settled.
func (p *progress) leaveBatch(number uint64) {
	for i, b := range p.batches {
		numbers := readBatch(b)
		if at := slices.Index(numbers, number); at >= 0 {
			p.batches[i] = appendBatch(nil, slices.Delete(numbers, at, at+1))
		}
	}
}

// prunedLeast is from how many bytes of batches on those are left out that
// are over; from twice what is left then on, the next time.
const prunedLeast = 16 << 10

// pruneBatches leaves out of the batches what doesn't wait any longer, or is
// in a later batch, once there is enough of it to be worth the while.
func (p *progress) pruneBatches() {
	if p.batchBytes < p.batchesLeast {
		return
	}
	seen := make(map[uint64]bool)
	all := p.batches
	p.batches, p.batchBytes = nil, 0
	for _, b := range slices.Backward(all) {
		numbers := readBatch(b)
		left := slices.DeleteFunc(numbers, func(n uint64) bool {
			if seen[n] || !p.waits(n) {
				return true
			}
			seen[n] = true
			return false
		})
		if len(left) > 0 {
			p.join(appendBatch(nil, left))
		}
	}
	slices.Reverse(p.batches)
	p.batchesLeast = max(prunedLeast, 2*p.batchBytes)
}

// batchBytesLocked is what the batches of all recipients take in a journal.
func (j *journal) batchBytesLocked() (n int) {
	for _, p := range j.recipients {
		n += p.batchBytes
	}
	return n
}

// appendBatches appends the batches of a recipient as facts.
func (p *progress) appendBatches(b []byte, s salt) []byte {
	for _, payload := range p.batches {
		first := uint64(0)
		if numbers := readBatch(payload); len(numbers) > 0 {
			first = numbers[0]
		}
		b = appendFrame(b, s, frame{kind: kindBatch, count: p.handle, first: first}, payload)
	}
	return b
}
