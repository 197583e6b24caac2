// Package status is the vocabulary of how a bridge fares: one Snapshot, which
// app gathers, the control socket and the admin listener serve, and status,
// health, metrics and the page show. They show nothing that isn't in it, so
// that they never disagree.
//
// A Snapshot is plain data, complete in itself, and JSON as it stands: what a
// program reads of `tailpost status --json`. Whoever has one may keep it; it
// never changes, and may be read by several goroutines at once. It holds no
// secret: a URL in it has no userinfo, and of a query only "?…". Texts in it may
// come from outside, from a log line, a receiver or a mail server: who prints
// them makes them harmless for where they go.
package status
