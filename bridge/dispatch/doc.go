// Package dispatch serves the recipients: one Worker each, which takes events
// from its Queue in order and hands them to its sink.
//
// What it promises: an event leaves the queue only once its outcome is
// recorded; events of one session are sent in order, one at a time; nothing is
// begun that could not be recorded. After a kill at most the attempts that
// were under way are repeated, with the same ids.
//
// A Worker thinks in lanes. A lane is a row of events that must not overtake
// each other: all of them in strict order, those of one session in session
// order, a single one without order. Of a lane, one attempt at most is under
// way. A lane whose first event fails while the recipient takes others is
// parked: its events leave the window and only their numbers stay in memory.
//
// An attempt hands over a batch: the first events of one lane or of several. A
// batch keeps its members until it is taken, or halved because its failure may
// lie with one of them.
//
// Events that were dead letters and are replayed stand in lanes of their own,
// behind what is live; see replays. While a person has paused the recipient
// nothing is read or begun, and no clock runs.
//
// A recipient that is down gets one probe at a time; see health.
//
// When its queue can't record an outcome, the Worker stands still, and with it
// this recipient's deliveries, until the queue can.
package dispatch
