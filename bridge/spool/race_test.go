//go:build race

package spool_test

// raced says that the race detector is at work, and all takes ten times as
// long.
const raced = true
