// Package framing makes lines of a stream of bytes whose sender ends each
// message by a newline, or says its length before it (RFC 6587). The two are
// told apart frame by frame: a frame is counted if it begins with a number of
// up to nine digits, the first no zero, a blank, and then "<" (the priority
// of a syslog message) or "{" (an object). Everything else ends with a
// newline, so that a line that begins with a time or a version stays whole.
//
// A line over the bound is cut there. The rest of its frame is counted and
// skipped, never taken as a line of its own. A splitter holds the bound's
// bytes at most, and some.
package framing
