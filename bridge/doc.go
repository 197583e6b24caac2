// Package bridge is the vocabulary that all stages share: records, events,
// sources, parsers, sinks and the errors of delivery.
//
// Data flows one way:
//
//	source ──records──▶ ingest (parser) ──events+positions──▶ spool ──▶ dispatch ──▶ sink
//
// A stage knows this package and never another stage; only bridge/app knows
// two of them. The package imports the standard library alone and does not
// log.
package bridge
