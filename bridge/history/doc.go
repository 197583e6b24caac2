// Package history remembers attempts, for tailpost why: of each event and
// recipient the first three and the last five, with the number between them.
//
// What it promises is little. It is written behind, never synced, never on a
// full disk, and never read by dispatch: a kill costs the last moments, a power
// cut more. What can't be kept is counted. It costs no recipient any time: a
// Ring's queue is bounded, and what finds no room in it is dropped.
//
// # Layout
//
//	history/NNNNNNNNNNNNNNNN.his   mode 0600; numbered in hex, in the order of their making
//
// Each start begins a new file, and so does one that has reached an eighth of
// the limit (64 MiB in all, or less); the oldest goes when there are more. Numbers are
// little-endian. A file begins with 16 bytes: "tphist", the version (uint16,
// now 1) and a random salt (8 bytes). Records follow:
//
//	0  marker    "\xa7\x7a"
//	2  size      uint16, of the payload
//	4  checksum  CRC-32C of the salt and the payload
//	8  payload
//
// The first byte of a payload is its kind; readers skip kinds that they don't
// know.
//
//	1  text     its number (uvarint), then its bytes: said once a file, meant by number
//	2  attempt  flags (1: dead), number (uint64), id (16 bytes), nth (uvarint), time (int64,
//	            Unix ns), took (uvarint, µs), wait (uvarint, ms), then as texts: recipient,
//	            event, peer, answer, error, status. A text is 0 (empty), 1 and the text behind
//	            its length, or its number + 2
//
// Where a record is damaged, the next good one is looked for; a text that is
// lost with it shows as "?". Files of another version are passed over.
//
// # What is left out
//
// The first three attempts of an event are written, and its last one. Between
// these an event's attempts are written at most each 10 s, five of them at
// most, and those of all events together at most at 16 KiB a second, so that a
// recipient that is down for days doesn't push out all the rest.
package history
