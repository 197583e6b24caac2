package main

import (
	"runtime/debug"
	"syscall"
)

// crashBySignal has a panic, and the SIGABRT of a watchdog, end the process by
// SIGABRT. Go's runtime would exit with 2, which is ours for what waits for a
// person, and no supervisor starts that again. No core is left behind: it would
// hold events and secrets.
func crashBySignal() {
	debug.SetTraceback("crash")
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // can't fail: it only lowers
}
