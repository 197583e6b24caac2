package tail

import (
	"fmt"
	"os"
)

// fileID tells one file from another for as long as it exists. It serves to
// follow a file under changing names and is never part of an event's id.
type fileID struct {
	dev, ino uint64
	birth    int64 // ns since 1970; 0 where the file system has none
}

// key is the Position.Stream of the file: stable over restarts.
func (id fileID) key() string {
	return fmt.Sprintf("%x-%x-%x", id.dev, id.ino, uint64(id.birth))
}

// fileStat is what is asked of a file.
type fileStat struct {
	id          fileID
	size, mtime int64 // plain bytes; ns since 1970
	disk        int64 // bytes as they are stored
	links       uint64
	mode        os.FileMode
	uid, gid    uint32
}

func (st fileStat) extent() extent { return extent{st.disk, st.mtime} }

func (st fileStat) regular() bool { return st.mode.IsRegular() }
