package admin

// The requests: POST with a JSON object. Over TCP they begin with apiPrefix.
const (
	pathReplayDead  = "/dead/replay"       // Letters
	pathDropDead    = "/dead/drop"         // Letters
	pathReplayLines = "/quarantine/replay" // Lines
	pathPause       = "/pause"             // name
	pathResume      = "/resume"            // name
	pathForget      = "/spool/forget"      // name
)

// What can be read, by GET.
const (
	pathStatus = "/status" // a status.Snapshot; over TCP with apiPrefix
	pathHealth = "/healthz"
	pathReady  = "/readyz"
)

const apiPrefix = "/api"

// name is the body of a request about one recipient.
type name struct {
	Recipient string `json:"recipient"`
}

// answer is the body of every other answer.
type answer struct {
	Report *Report `json:"report,omitempty"`
	Error  *Error  `json:"error,omitempty"`
}

// bodyMost bounds a request, in bytes: all ids that fit into a command line.
const bodyMost = 4 << 20

// answerMost bounds an answer as the client reads it.
const answerMost = 1 << 20

// snapshotMost bounds a snapshot as the client reads it: some kilobytes a
// recipient or source.
const snapshotMost = 64 << 20
