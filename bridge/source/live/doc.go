// Package live is what sources share that others send to: connections
// (Streams) and datagrams. It promises
//
//   - one emit at a time, with the lines of as many senders in it as are
//     waiting;
//   - a sender of a stream is slowed, not dropped: it is read no further
//     until its lines are durable, and acknowledged then, if that is wanted;
//   - no sender holds up another: each has a goroutine, a deadline for what
//     is written to it, and a bound on what is held of its unfinished line;
//   - at the end nothing new is let in, what has arrived already is taken for
//     a moment longer, and only what is durable is acknowledged.
//
// What can't be known to be a whole line goes out as torn (bridge.Record).
package live
