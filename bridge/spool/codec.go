package spool

import "github.com/tailpost/tailpost/bridge/codec"

// reader takes values off the front of a payload; beside those of every
// format it knows the spool's own, each next to what writes it.
type reader struct{ codec.Reader }

func readerOf(b []byte) reader { return reader{codec.Reader{Rest: b}} }

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}
