package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// File says why a file can't be read, of which err is what the system said.
func File(path string, err error) Reason {
	if errors.Is(err, fs.ErrNotExist) {
		return missing(path)
	}
	return explain(path, err)
}

// Dir says why a directory can't be looked through. One that doesn't exist is
// not waited for as a file is: nobody watches where it would be.
func Dir(path string, err error) Reason {
	if errors.Is(err, fs.ErrNotExist) {
		return noDir(firstMissing(path))
	}
	return explain(path, err)
}

func explain(path string, err error) Reason {
	switch {
	case err == nil:
		return Reason{}
	case errors.Is(err, fs.ErrPermission):
		return denied(path)
	case errors.Is(err, syscall.ENOTDIR):
		return Reason{Why: notDir(path), Hint: "correct the path, or move that away"}
	case errors.Is(err, syscall.ELOOP):
		return Reason{Why: path + " is a loop of symbolic links", Hint: "correct the link"}
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return Reason{Why: "no file descriptors left", Hint: "raise the limit of open files"}
	case errors.Is(err, syscall.ESTALE), errors.Is(err, syscall.EIO):
		return Reason{Why: err.Error(), Hint: "look at the disk, or at the server that has the files"}
	}
	return Reason{Why: err.Error()}
}

// linksMost is how many symbolic links are followed, as by Linux.
const linksMost = 40

// missing tells a file that isn't there from a directory that isn't, also
// behind a symbolic link that leads nowhere.
func missing(path string) Reason {
	at := path
	for range linksMost {
		if dir := filepath.Dir(at); gone(dir) {
			return noDir(firstMissing(dir))
		}
		to, err := os.Readlink(at)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(at), to)
		}
		at = to
	}
	r := Reason{Why: path + " does not exist", Hint: "it is read as soon as it appears", Absent: true}
	if at != path {
		r.Why = fmt.Sprintf("%s leads to %s, which does not exist", path, at)
	}
	return r
}

func noDir(dir string) Reason {
	return Reason{Why: "the directory " + dir + " does not exist", Hint: "create it, or correct the path"}
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// firstMissing gives the first part of a path that isn't there.
func firstMissing(path string) string {
	for {
		up := filepath.Dir(path)
		if up == path || !gone(up) {
			return path
		}
		path = up
	}
}

// notDir names the first part of a path that should be a directory.
func notDir(path string) string {
	at := path
	for {
		if fi, err := os.Stat(at); err == nil && !fi.IsDir() {
			return at + " is no directory"
		}
		up := filepath.Dir(at)
		if up == at {
			return "a part of " + path + " is no directory"
		}
		at = up
	}
}

// denied finds the first part of the path that keeps us out.
func denied(path string) Reason {
	at := path
	for {
		up := filepath.Dir(at)
		if _, err := os.Stat(at); err == nil || up == at {
			break
		}
		at = up
	}
	r := Reason{Why: "no permission to read " + path, as: Whoami()}
	fi, err := os.Stat(at)
	if err != nil {
		return r
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return r
	}
	need, wants, perm := "read", fs.FileMode(0o4), "r"
	switch {
	case fi.IsDir() && at == filepath.Clean(path):
		need, wants, perm = "list", 0o5, "rx"
	case fi.IsDir():
		need, wants, perm = "enter", 0o1, "rx"
	}
	mode, group := fi.Mode().Perm(), groupName(st.Gid)
	r.Why = fmt.Sprintf("no permission to %s %s, which has owner %s, group %s, mode %04o", need, at, userName(st.Uid), group, mode)
	me := uint32(os.Geteuid())
	switch letsIn(mode, wants, st.Uid == me, st.Gid == 0) {
	case byMode:
		r.Hint = "its mode lets our user in: see SELinux, AppArmor, the sandbox of the service, or the file server"
	case byGroup:
		r.Hint = "add our user to the group " + group + ", and start again"
	case byOwner:
		r.Hint = fmt.Sprintf("chmod u+%s %s", perm, quoted(at))
	default:
		r.Hint = fmt.Sprintf("setfacl -m u:%s:%s %s", userName(me), perm, quoted(at))
	}
	return r
}

// What would let us in.
const (
	byList  = iota // an entry for us in the access control list
	byMode         // the mode does already: something else keeps us out
	byGroup        // its group may
	byOwner        // the owner's bits: of an owner nothing else is asked, no list either
)

// letsIn says what would give us the bits that we want of a file that we were
// kept out of.
func letsIn(mode, wants fs.FileMode, ours, rootsGroup bool) int {
	switch {
	case ours && mode>>6&wants == wants:
		return byMode
	case ours:
		return byOwner
	case mode&wants == wants:
		return byMode
	case mode>>3&wants == wants && !rootsGroup:
		return byGroup
	}
	return byList
}

// quoted makes a path one word of a shell's command, where it needs that.
func quoted(path string) string {
	if !strings.ContainsAny(path, " \t\n'\"\\$`&|;<>()*?[]{}~#!") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
