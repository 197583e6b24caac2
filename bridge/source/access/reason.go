package access

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// Reason is why something can't be read now. The zero value: it can.
type Reason struct {
	Why  string
	Hint string // what would help; "": nothing is known

	// Absent: it isn't there, and what it would be in is. Nothing is wrong: it
	// may come.
	Absent bool
	as     string // as whom we run, where that matters
}

// Text gives all of it in one sentence. It looks nothing up.
func (r Reason) Text() string {
	s := r.Why
	if r.as != "" {
		s += "; the bridge runs as " + r.as
	}
	if r.Hint != "" {
		s += ": " + r.Hint
	}
	return s
}

// Whoami says as whom the process runs. It may have to ask a server for the
// name.
func Whoami() string {
	return fmt.Sprintf("%s (uid %d, gid %d)", userName(uint32(os.Geteuid())), os.Geteuid(), os.Getegid())
}

func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func groupName(gid uint32) string {
	id := strconv.FormatUint(uint64(gid), 10)
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}
