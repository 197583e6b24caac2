// Package drop reads files that are dropped whole into a directory.
//
// # What is taken
//
// A regular file whose name matches, at once, in the order of mtime, then
// name. Hidden names, names that end in ~, .tmp or .part, directories, and
// links are left alone: write under such a name, then rename. A name that ends
// in .gz is unpacked.
//
// What is dropped is whole: a last line without a newline counts, marked
// partial. That it is whole shows by its being quiet, for 2 s since it last
// changed; until then what grows is read on, so that a file that is written in
// place is read, too, if its writer never rests longer. Only what is quiet is
// finished.
//
// # Exactly once
//
// The position of a file in work holds its name, inode, size and mtime, and how
// far it is durable; it goes out in one batch with the lines before it. When
// the last line is durable, the file is out of the way: moved, deleted, or
// remembered. Only when that is on disk is the position given up. A crash
// anywhere between leaves a position that says "read to the end", and the rest
// is done after the start.
//
// A file is taken out of the directory by a rename into a hidden directory of
// ours first, and looked at there: what was put in its place at the last moment
// goes back and is read.
//
// # Ids
//
// Name, size and mtime stand before the first line in the head: what is dropped
// again is new, what is read again (a lost spool) is not. Size and mtime are
// those when the first line was taken; of a file that was written in place they
// are an accident.
//
// # Bounds
//
// Files in work, and those that can't be got out of the way, are 1,000 at most.
// With done = "keep", 200,000 files are remembered, 8 bytes each: a hash of
// name, inode, size and mtime. A kept file that changes later counts as dropped
// again. What is gone from the directory is forgotten when the bound is
// reached, not before: a directory that isn't mounted is not an empty one. At
// either bound no further file is taken, and it is said why.
package drop
