package spool

import (
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of the table [spool], and what the program adds to
// them.
type Options struct {
	Fsync     string          `toml:"fsync" doc:"always: an event is on disk before anybody is told of it, many in one sync; interval: faster, and a power cut may lose the last moment"`
	MaxBytes  option.Size     `toml:"max_bytes" doc:"room for the segments and the journal together; when it is used up sources wait. It must take a source's longest line, with all that can become of it: 14MiB for the default max_line of 1MiB, less for a shorter one"`
	MinFree   string          `toml:"min_free" doc:"room that is left to others: auto is the smaller of 512MiB and 5 % of the file system, 0 none"`
	Keep      option.Duration `toml:"keep" doc:"settled events stay so long, for why, search and replay; the first to go when space is needed"`
	KeepDead  option.Duration `toml:"keep_dead" doc:"dead letters and quarantined lines stay so long"`
	MaxParked int             `toml:"max_parked" doc:"events that may be set aside because they, or an earlier one of their session, fail; over all recipients"`

	Dir string         `toml:"-"` // the state directory
	FS  FS             `toml:"-"` // nil: OS()
	Log zerolog.Logger `toml:"-"`
	// LockWait is how long Open waits for the lock of another process.
	LockWait time.Duration `toml:"-"`
	// RetryEvery lies between tries after a failed write or sync; 0: 10 s.
	RetryEvery time.Duration `toml:"-"`
}

// The two ways to sync.
const (
	fsyncAlways   = "always"
	fsyncInterval = "interval"
)

// minFreeAuto stands for the smaller of 512 MiB and 5 % of the file system.
const minFreeAuto = "auto"

const (
	maxBytesLeast  = 1 << 20
	retryEvery     = 10 * time.Second
	segmentMost    = 64 << 20
	segmentLeast   = 64 << 10
	journalMost    = 16 << 20
	journalLeast   = 64 << 10
	minFreeMost    = 512 << 20
	maxParkedMost  = 10_000_000
	blockSize      = 4 << 10 // files grow and are sized in such steps
	preallocate    = 4 << 20 // a segment's blocks are taken in such steps
	storeFileBytes = 4 << 20 // a file of dead letters or quarantined lines is rolled at this size
	storeMost      = 1 << 30 // all files of one such store
	damagedMost    = 256 << 20
)

var fsyncs = []string{fsyncAlways, fsyncInterval}

// Limits gives what the keys take.
func (*Options) Limits() option.Limits {
	return option.Limits{
		"fsync":      option.OneOf(fsyncs...),
		"max_bytes":  option.AtLeast[option.Size](maxBytesLeast),
		"min_free":   {Kind: "size", Pattern: minFreeAuto + "|" + option.SizePattern, OrNone: true},
		"keep_dead":  option.AtLeast[option.Duration](1),
		"max_parked": option.Between(1, maxParkedMost),
	}
}

// Defaults gives the settings that hold where the configuration says nothing.
func Defaults() Options {
	return Options{
		Fsync:     fsyncAlways,
		MaxBytes:  10 << 30,
		MinFree:   minFreeAuto,
		Keep:      option.Duration(24 * time.Hour),
		KeepDead:  option.Duration(30 * 24 * time.Hour),
		MaxParked: 100_000,
	}
}

// Check reports all that is wrong with the settings. None of them is a path:
// dir is not used.
func (o *Options) Check(string) (ps []option.Problem) {
	if !slices.Contains(fsyncs, o.Fsync) {
		ps = append(ps, option.Problem{Key: "fsync", Text: "is neither \"always\" nor \"interval\""})
	}
	if o.MaxBytes < maxBytesLeast {
		ps = append(ps, option.Problem{Key: "max_bytes", Text: o.MaxBytes.String() + " is too little", Hint: "use 1MiB at least"})
	}
	if _, err := o.minFree(0); err != nil {
		ps = append(ps, option.Problem{Key: "min_free", Text: err.Error(), Hint: "or \"auto\""})
	}
	if o.KeepDead <= 0 {
		ps = append(ps, option.Problem{Key: "keep_dead", Text: "dead letters would go at once", Hint: "use \"30d\""})
	}
	if o.MaxParked < 1 || o.MaxParked > maxParkedMost {
		ps = append(ps, option.Problem{Key: "max_parked", Text: "is not between 1 and 10000000"})
	}
	if o.Fsync == fsyncInterval {
		ps = append(ps, option.Problem{Key: "fsync", Text: "with \"interval\" a power cut may lose lines that were read in the last moment before it, when their source can't be read again", Warning: true})
	}
	return ps
}

// minFree gives min_free in bytes on a file system of that size.
func (o *Options) minFree(total int64) (int64, error) {
	if o.MinFree == minFreeAuto || o.MinFree == "" {
		return min(minFreeMost, total/20), nil
	}
	n, err := option.ParseSize(o.MinFree)
	return int64(n), err
}

// segmentBytes is the size at which a segment is sealed: a sixteenth of what
// there is. One record and the state at its head fit in any case.
func (o *Options) segmentBytes(total int64) int64 {
	return clampBlocks(smallerOf(int64(o.MaxBytes), total)/16, segmentLeast, segmentMost)
}

// journalBytes is the size of each of the journal's two files.
func (o *Options) journalBytes(total int64) int64 {
	return clampBlocks(smallerOf(int64(o.MaxBytes), total)/32, journalLeast, journalMost)
}

// smallerOf leaves out a total that is not known.
func smallerOf(n, total int64) int64 {
	if total > 0 {
		return min(n, total)
	}
	return n
}

// RecordMost is how large a record can be that fits at any time, in bytes: with
// these settings, on a file system that is large enough.
func (o *Options) RecordMost() int64 {
	return (int64(o.MaxBytes) - 2*o.journalBytes(0) - spareBytes(o.segmentBytes(0))) / 2
}

func clampBlocks(n, least, most int64) int64 {
	return max(least, min(most, n)) &^ (blockSize - 1)
}
