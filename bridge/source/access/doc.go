// Package access says for a person why something on this machine can't be
// read, or listened on: as whom we run, whose it is, its mode, and what would
// help. Sources have one wording by it, in the log and in the status.
//
// It looks at the file system and asks for names of users and groups: it may
// take as long as these do, and is for the goroutine that has met the error. A
// Reason is what was found, and may be shown by anybody.
package access
