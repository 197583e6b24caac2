package tail

import (
	"errors"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// statPath follows symbolic links.
func statPath(path string) (fileStat, error) {
	st, err := statx(unix.AT_FDCWD, path, 0)
	if noStatx(err) {
		return statOld(os.Stat(path))
	}
	if err != nil {
		return fileStat{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return st, nil
}

func statFile(f *os.File) (fileStat, error) {
	st, err := statx(int(f.Fd()), "", unix.AT_EMPTY_PATH)
	if noStatx(err) {
		return statOld(f.Stat())
	}
	if err != nil {
		return fileStat{}, &os.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return st, nil
}

func statx(dirfd int, path string, flags int) (fileStat, error) {
	var st unix.Statx_t
	var err error
	for {
		err = unix.Statx(dirfd, path, flags, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return fileStat{}, err
	}
	id := fileID{dev: uint64(st.Dev_major)<<32 | uint64(st.Dev_minor), ino: st.Ino}
	if st.Mask&unix.STATX_BTIME != 0 {
		id.birth = st.Btime.Sec*1e9 + int64(st.Btime.Nsec)
	}
	return fileStat{
		id: id, size: int64(st.Size), disk: int64(st.Size), mtime: st.Mtime.Sec*1e9 + int64(st.Mtime.Nsec),
		links: uint64(st.Nlink), mode: goMode(uint32(st.Mode)), uid: st.Uid, gid: st.Gid,
	}, nil
}

// noStatx: an old kernel, or a sandbox that doesn't let the call through.
func noStatx(err error) bool {
	return errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM)
}

func statOld(fi os.FileInfo, err error) (fileStat, error) {
	if err != nil {
		return fileStat{}, err
	}
	st := fi.Sys().(*syscall.Stat_t)
	dev := uint64(st.Dev)
	return fileStat{
		id:   fileID{dev: uint64(unix.Major(dev))<<32 | uint64(unix.Minor(dev)), ino: st.Ino},
		size: st.Size, disk: st.Size, mtime: st.Mtim.Nano(), links: uint64(st.Nlink), mode: fi.Mode(), uid: st.Uid, gid: st.Gid,
	}, nil
}

// goMode keeps the type, as far as it matters here, and the permissions.
func goMode(m uint32) os.FileMode {
	mode := os.FileMode(m & 0o777)
	switch m & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		mode |= os.ModeDir
	case unix.S_IFIFO:
		mode |= os.ModeNamedPipe
	default:
		mode |= os.ModeIrregular
	}
	return mode
}

// descriptorPath names a held descriptor: opened again it is the same file,
// whatever has become of its names, with an offset of its own.
func descriptorPath(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }
