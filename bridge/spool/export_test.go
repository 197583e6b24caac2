package spool

// What the tests of the package spool_test need to see: they are outside,
// because the file system that they use imports this package.
var (
	ReadEventsFS     = readEvents
	ReadDeadFS       = readDead
	CountDeadFS      = countDead
	ReadQuarantineFS = readQuarantine
	LookFS           = look
	VerifyFS         = verify
)
