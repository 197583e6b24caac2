//go:build darwin || freebsd

package tail

import (
	"os"
	"strconv"
	"syscall"
)

// statPath follows symbolic links.
func statPath(path string) (fileStat, error) { return convert(os.Stat(path)) }

func statFile(f *os.File) (fileStat, error) { return convert(f.Stat()) }

func convert(fi os.FileInfo, err error) (fileStat, error) {
	if err != nil {
		return fileStat{}, err
	}
	st := fi.Sys().(*syscall.Stat_t)
	return fileStat{
		id:   fileID{dev: uint64(st.Dev), ino: uint64(st.Ino), birth: st.Birthtimespec.Nano()},
		size: fi.Size(), disk: fi.Size(), mtime: fi.ModTime().UnixNano(), links: uint64(st.Nlink),
		mode: fi.Mode(), uid: st.Uid, gid: st.Gid,
	}, nil
}

// descriptorPath names a held descriptor. Opened again it shares our offset
// here, which does no harm: we read at given offsets only.
func descriptorPath(f *os.File) string { return "/dev/fd/" + strconv.Itoa(int(f.Fd())) }
