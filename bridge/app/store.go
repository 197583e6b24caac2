package app

import (
	"context"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/spool"
)

// store is the spool as ingest wants it.
type store struct{ spool *spool.Spool }

func (s store) State(source string) []bridge.Entry { return s.spool.State(source) }

func (s store) Append(ctx context.Context, source string, y ingest.Yield) error {
	_, err := s.spool.Append(ctx, spool.Ingest{Source: source, Changes: y.Changes, Events: y.Events, Quarantined: y.Quarantined, Replayed: y.Replayed})
	return err
}
