// Package spool keeps accepted events on disk, with the positions of their
// sources, until every recipient is done with them.
//
// # What it promises
//
// An ingest record (events, quarantined lines, changes to its source's state)
// is durable before Append returns, all of it or nothing. An event is given
// to a recipient only after the sync that covers it. What a recipient has done
// is in the journal before the next thing begins. So a kill loses nothing and
// repeats nothing that was recorded; a power cut may repeat what was done in
// the last 50 ms.
//
// When it can't keep that, it waits: a full or failing disk stops Append (and
// a failing journal what recipients do), says so once, and is tried again.
// Nothing is dropped and nothing exits. What is damaged on disk is counted,
// set aside and skipped; what is sound behind it is found.
//
// The package knows bytes, not events. Memory doesn't grow with the number of
// events that wait: a recipient costs one window of 64 KiB, its open and
// parked events, and a bitmap of what it has settled above its frontier.
//
// # Constraints
//
// A power cut leaves, of what was written since the last sync that returned
// nil, any part. A sync that failed says nothing about what it should have
// covered, now or later. A file that was synced can't be found again after a
// power cut until its directory was synced. A write into blocks that a file
// has needs no space; unlink needs none; a longer or new file does. Sectors
// can rot. Log lines hold whatever their writers like.
//
// # Layout
//
//	lock                          locked while a process uses the directory; its process id
//	segments/NNNNNNNNNNNNNNNN.seg the events; named by the first number, in hex
//	journal/journal.0, journal.1  what the recipients have done; one is in use
//	dead/NNNNNNNNNNNNNNNN.rec     dead letters; numbered in order
//	quarantine/….rec              quarantined lines whose segments are gone
//	spare                         blocks for the way out of a full disk; what it holds means nothing
//	probe                         a block that is written while no lines come, to see whether it can be
//	damaged/SEGMENT-FROM-TO       bytes that could not be read, by segment and offsets, in hex
//
// Directories have mode 0700, files 0600. All numbers in files are
// little-endian; "sized" bytes stand behind their length as a uvarint.
//
// Every file but lock, spare, probe and damaged/ begins with a head of 128
// bytes, once at 0 and once at 512 (its fields are drawn at fileHead), with a
// random salt. At 1,024 frames begin, each at a multiple of 8: a header of 32 bytes (drawn at
// frame) whose checksum is seeded with the salt, a payload under CRC-32C, and
// zero bytes up to the next multiple of 8. Readers skip kinds of frames that
// they don't know: in a segment or a store these live as long as their file,
// and whenever a file of the journal is written anew they are copied. A file of
// another version is refused, before anything is changed. Zero bytes are no
// frame.
//
// Event numbers are epoch<<40 | sequence. The epoch is one higher at each
// start than any that a name, a head or the journal holds. Numbers are never
// given twice and rise along the segments; between two segments some may be
// left out. Quarantined lines have numbers of the same build, of their own
// sequence.
//
// Frames of a segment:
//
//	1  state     source (sized), number of entries (uvarint), for each key and value (sized).
//	             The whole map of one source; only at the segment's head
//	2  head end  count: how many states stand before it. No payload
//	3  ingest    first: number of the first event. count: events. detail, in bits: 1 has
//	             quarantined lines, 2 replays some, 128 was written before what stands before
//	             it was durable (also in kind 4).
//	             For each event uint32 end, counted from the end of this table, and uint32 CRC-32C
//	             of the byte 'e' and the event; then the events; then source (sized), time (int64,
//	             Unix nanoseconds), number of changes (uvarint), for each the key (sized) and either
//	             0 (the key is removed) or length+1 (uvarint) and the value; number of quarantined
//	             lines (uvarint) and, if there are any, the number of the first (uint64) and the
//	             lines (sized); how many lines are replayed (uvarint), and their numbers (uint64)
//	4  moved     events of an older segment once more. count: events. Table and events as above;
//	             then, with detail 1, for each when it was accepted (int64, Unix nanoseconds; 0: not
//	             known); then for each its number and its session (uint64 each)
//
// Frames of the journal; in those of a recipient, count is its handle and
// first the event's number:
//
//	10  checkpoint   all that is known of one recipient (drawn at appendCheckpoint)
//	11  end          the checkpoints at the front are complete; count: how many
//	12  standing     what the configuration says of the recipient: its kind (sized), how long
//	                 its queue is kept once it is removed, how long it has been (varints, ns), and
//	                 the number that came next then (uint64; 0: it isn't removed)
//	13  disable      what is accepted from a number (uint64) on is skipped; how many events had
//	                 been given out before (uvarint)
//	14  skip         first: of a stretch that is skipped. The number behind it (uint64), the place
//	                 to read on, how many events are in it (uvarint; those that are settled, or
//	                 parked elsewhere, don't count), a segment whose parked events are skipped, too
//	                 (uint64; 0: none). detail 1: it had been disabled, and isn't any longer
//	20  settle       detail: how (bridge.Settlement)
//	21  fail         the try: attempts (uvarint), clock, wait (varint, ns), since (varint, Unix s),
//	                 fault (byte), note (sized)
//	22  park         session (uint64), place, flags (1: the try follows; 2: it was a dead letter)
//	23  place        where a parked event stands now: segment (uint64), offset of its frame, index
//	                 in it, size of the event (uvarints)
//	24  drop         first: the segment that is about to be deleted
//	25  revive       a dead event waits again; payload of park. detail 3: it is dropped; no payload
//	26  pause        detail: 1 if nothing is to be sent, else 0
//	27  batch        first: its first event. The events that are attempted together, in this
//	                 order: how many (uvarint), the first number and of each other the
//	                 difference to the one before (varints). An event is in the last batch
//	                 that names it, until it is settled. Stands behind the checkpoints at
//	                 the front, too
//
// Frames of the stores: 30, a dead letter (first: the event's number; payload:
// recipient (sized), time (int64), letter); 31, letters of an event before it
// count no longer (first: its number; payload: recipient (sized)); 40, a
// quarantined line (first: its number; payload: source (sized), time, line);
// 41, a quarantined line was replayed (first: its number).
//
// # Write
//
// One goroutine, the committer, writes segments. What came while it synced
// the last group is the next group: one write, one sync. Blocks are taken in
// steps of 4 MiB, ahead of the writing. A segment is sealed when the next
// record would make it larger than a sixteenth of max_bytes or of the file
// system (64 MiB at most); a single record may be larger than that. The next
// one is written at once, with its head (which names the one before and the
// length up to which that counts), the state of all sources, and the group:
// it counts when file and directory are synced.
//
// If a write or sync fails, the file is not touched again. The group goes into
// a new segment in the same way, whose head says that the failed one counts up
// to where it was durable. If that fails too, ingest waits, and a new segment
// is tried every 10 s. A segment that came to nothing is removed; should the
// removal be undone, it lies between a segment and its named predecessor, and
// that is how readers know that it never counted. Where a kill came before the
// new segment, the page cache may still show what the failed sync should have
// written: a start writes the end of the newest segment once more, bytes onto
// themselves, and syncs it before anything of it is used. Dead letters that
// the journal doesn't know are written again in the same way.
//
// A fact is one write into the journal file in use, synced 50 ms later. When
// that file is full or fails, the other one is written anew: checkpoints, end
// mark, sync; then it is the one in use. After a try that failed nothing more
// goes into the old one, which would be older than the new one if that is
// readable after all. A checkpoint holds frontier and parked set together, so
// that whatever of the journal is lost, what is left is a state that was true
// once, with facts that are true still: events may be repeated, none is lost.
//
// A dead letter is synced before the fact that it settles. To replay one, its
// event is written once more at the end, parked by a fact in the journal, and
// then, when that is durable, the letter is struck out by a record behind it.
// Until that is durable the letter counts, and nothing is sent. Where the
// record fails nobody knows whether it counts: the event stays parked, and is
// held back until another one is durable. A drop is the record that strikes
// out, and then a fact for the counts. A letter whose write failed may be read
// all the same, while its event is tried on: it is struck out, too, when the event
// has ended otherwise.
//
// # Read
//
// The segments that count are found from the newest on: each names the one
// before it. Up to where one counts, its successor says; the newest one counts
// up to its last good frame, and while the bridge runs, for its recipients, up
// to what was synced. Where a frame's header is not good, the next good one is
// looked for at each multiple of 8. Event numbers that are missing between two
// records, or between what a head says was the number behind the last event
// and what was read up to, are lost, and counted. An event can be read by
// itself (table entry, bytes, checksum); whether the rest of its frame is
// sound doesn't matter. Moved events are not read in passing, only by place.
//
// Readers without the lock (ReadEvents, ReadDead, ReadQuarantine) see whole
// frames that may not be synced yet, and leave out files that go meanwhile.
// What stands before a good frame and seems to be damaged they read once more:
// it may have been written between two reads.
//
// # Recover
//
//  1. Take the lock. Read the heads of all segments. Those that never counted,
//     or are all zero, are removed; those of which both heads are damaged go
//     to damaged/.
//  2. Replay the journal: the older file, then the newer one, which overrides
//     it where it is sound. If a recipient may have been registered that
//     neither knows, names that are not known begin at the oldest event
//     instead of the next one.
//  3. Go over the newest segment: states at its head, then the changes in its
//     records. If the head is not whole, the segment before gives the state,
//     and so on back. Frames that are damaged with good ones behind them are
//     damage. What stands behind the last good frame is a write that was cut
//     off: it goes to damaged/, and is cut off the file once it is there. With
//     fsync = interval several writes may be cut off: a record written before
//     what stands before it was durable doesn't count behind what can't be
//     read, unless a later one shows that all of that was durable once.
//     Sync the file.
//  4. Count every dead letter as settled.
//  5. If the journal has lost that a recipient had come past a segment that is
//     gone, park again what was moved out of it.
//  6. Begin the next epoch: write the journal's other file with it.
//
// Nothing is appended to an old segment; the first Append makes a new one.
//
// # Delete
//
// A sealed segment goes, whatever stands before it, when every recipient's
// frontier is behind it, or all of it above that is skipped, nothing in it is
// parked, and keep is over since it
// was last written (or more than three quarters of max_bytes are used, or free
// space is under twice min_free). If less than a tenth of it is parked and all
// else is done, the parked events are written once more at the end, synced,
// and their new places are facts in the journal. Then, before the unlink:
// its quarantined lines are in their store, synced; the recipients'
// checkpoints, and the fact that it is about to go, are in the journal,
// synced. The newest segment never goes: it has the state.
//
// Files of the stores go when they are older than keep_dead, and the oldest
// while a store is larger than 1 GiB. damaged/ takes 256 MiB; beyond that,
// bytes are counted, and not copied.
package spool
