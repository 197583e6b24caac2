// Package app wires the stages together: it is the only place that knows two
// of them, and owns every goroutine.
//
// Start: state directory, spool (lock, recovery), recipients' queues and
// sinks, the spool's own loop, the workers, the sources last: a new
// recipient's first number is durable before anything is read. The control
// socket is served beside them.
//
// Reload: everything that can fail is made first (prepare); then what has
// changed is stopped and started, by name (commit). What has not changed runs
// on. A recipient has one worker at a time, whatever happens to its settings.
//
// End: the sources stop and the workers begin nothing more; what is in flight
// gets its grace; actions of the control socket end; then the spool is synced a
// last time and closed.
//
// What a person may change (actions) is the same on a running bridge and, by
// Offline, on one that doesn't run.
package app
