package admin

// The requests, all of them POST with a JSON object.
const (
	pathReplayDead  = "/dead/replay"       // Letters
	pathDropDead    = "/dead/drop"         // Letters
	pathReplayLines = "/quarantine/replay" // Lines
	pathPause       = "/pause"             // name
	pathResume      = "/resume"            // name
	pathForget      = "/spool/forget"      // name
)

// name is the body of a request about one recipient.
type name struct {
	Recipient string `json:"recipient"`
}

// answer is the body of every answer.
type answer struct {
	Report *Report `json:"report,omitempty"`
	Error  *Error  `json:"error,omitempty"`
}

// bodyMost bounds a request, in bytes: all ids that fit into a command line.
const bodyMost = 4 << 20

// answerMost bounds an answer as the client reads it.
const answerMost = 1 << 20
