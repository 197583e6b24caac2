// Package ingest takes one source's records through its parser into the spool.
//
// The events of a batch, the lines that went to quarantine, what changed in
// the parser's state, the counters and the read position after it are one
// record: durable together or not at all. One batch is under way at a time. A
// batch that waits for space is kept parsed; after any other failure the
// parser is made anew from what is durable.
//
// The package knows neither its source nor its parser nor the spool: they come
// in as bridge.Source, a function that makes a bridge.Parser, and a Store.
package ingest
