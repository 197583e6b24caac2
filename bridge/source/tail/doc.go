// Package tail follows a log file by its name, or the files that answer to a
// glob, through rotation, truncation and restarts, and hands their lines out
// exactly once.
//
// # Promise
//
// Each line that stands in the file, or in one that rotation has made of it,
// is in exactly one batch that emit took, in the order of the files; lines and
// the position after them go out together. After a restart reading goes on
// from exactly there. A line is taken when its newline is there; a last line
// without one is taken only from a file that has lost the name and has been
// quiet for a linger, marked Partial. What can't be known, bytes that were
// truncated or unlinked before anyone could read them, is reported as a Loss
// of at least so many bytes.
//
// # How
//
// The name is never trusted (lookout): every file that answers to it, or to a
// rotated sibling's name, is opened when it is first seen, and held until it
// has been read. Notifications on the directory (watch) are hints; a rescan
// finds what they missed. A field has one lookout for each log. Where the name
// is a symbolic link, siblings are also looked for beside the file it leads to,
// among them, unless the path is a glob, those whose names differ from it in a
// date only.
//
// One reader for each log goes through the held files, the oldest first (put):
// those that were begun, as far as they are there, before any that was not. Bytes
// are searched for newlines before anything is made of them (search), which
// bounds memory; then nxadm/tail reads those lines from the held descriptor
// (pass), and both must agree. Before a batch goes out, the file must still hold the bytes that
// stood before the old position and at its beginning (commit). Where it does
// not, it began anew: a sibling that has those bytes is the copy that
// copytruncate made, and reading goes on there (admit).
//
// # State
//
// One Position a file, under a key of device, inode and birth time: see state.
// Finished files stay in the state, so that they are known again under other
// names. One more entry says that the source has been started before.
//
// # Compressed siblings
//
// A sibling in gzip is read as its plain bytes, unpacked as they are asked for
// (packed), with the offsets, and so the ids, of the plain file. It is unpacked
// where it may hold what was not read, or may be the archive of a file that we
// know; one that was there before us is not touched. One that ends too soon is
// waited for; one that stays so, or is damaged, is read as far as it goes, and
// is a Loss of unknown size.
//
// # Globs
//
// Each match is a log of its own, with siblings of its own. A match that may
// be the sibling of another match, or of a log that is known, is none; nor is
// one that is compressed, hidden, or a further name of a file that is followed.
// A file that is renamed from one log's name to another's goes on there. A log
// that is gone, with its siblings, is forgotten once another stands in its
// directory: an empty one may be a mount point with nothing mounted.
//
// # Bounds
//
// A source holds Options.MaxHeld files open. Where there are more, the oldest
// are opened first, and a live file of which all is read is closed until it
// changes. A file that may not be read keeps a place in the state (refused), so
// that it is read once it may be, and missed if it goes before. Of finished
// files a source remembers maxDone.
//
// A new file may begin with lines that were taken before: some scripts write
// the last message back. They are left out where the bytes prove it (echo), and
// taken, with a discontinuity, where they don't.
package tail
