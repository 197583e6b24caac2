//go:build unix && !linux

package spool

import "os"

// syncData asks the drive too: on macOS the standard library's Sync is
// F_FULLFSYNC.
func syncData(f *os.File) error { return f.Sync() }

// allocate does nothing: writing takes the blocks.
func allocate(*os.File, int64, int64) error { return nil }
