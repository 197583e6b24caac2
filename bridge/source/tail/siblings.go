package tail

import (
	"path/filepath"
	"strconv"
	"strings"
)

// names tells the rotated siblings of a log by their names.
type names struct {
	base, stem, ext string
	dated           string // the pattern of names that differ in a date; "": they are no siblings
}

func namesOf(path string) names {
	base := filepath.Base(path)
	ext := filepath.Ext(base)
	return names{base: base, stem: strings.TrimSuffix(base, ext), ext: ext}
}

// sibling reports whether rotation may have given the file its name: the
// log's own name and more (app.log.1, app.log-20260131, app.log.old), or a
// date or number put before its extension (app-20260131.log, app.1.log). What
// other programs put beside a log (app.log.swp, app.log.offset) is none.
func (n names) sibling(name string) bool {
	if n.base == "" {
		return false
	}
	if n.dated != "" && dated(name) == n.dated {
		return name != n.base
	}
	if rest, ok := strings.CutPrefix(name, n.base); ok && rest != "" {
		return strings.ContainsRune(".-_", rune(rest[0])) && !compressed(name) && rotated(rest[1:])
	}
	if n.ext == "" || n.stem == "" {
		return false
	}
	rest, ok := strings.CutPrefix(name, n.stem)
	if !ok {
		return false
	}
	rest, ok = strings.CutSuffix(rest, n.ext)
	return ok && len(rest) > 1 && strings.ContainsRune(".-_", rune(rest[0])) &&
		isDigit(rest[1]) && strings.Trim(rest[1:], "0123456789-_.:TZ") == ""
}

// archived reports whether the name is that of a compressed sibling, or of the
// log itself, compressed.
func (n names) archived(name string) bool {
	if n.base == "" || !compressed(name) {
		return false
	}
	of := strings.TrimSuffix(name, filepath.Ext(name))
	return of == n.base || n.sibling(of)
}

const packedExt = ".gz"

// packed reports whether the name is that of a compressed sibling that we can
// read.
func (n names) packed(name string) bool { return filepath.Ext(name) == packedExt && n.archived(name) }

func compressed(name string) bool {
	switch filepath.Ext(name) {
	case ".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".zip", ".Z", ".br":
		return true
	}
	return false
}

func rotated(rest string) bool {
	switch filepath.Ext("x." + rest) {
	case ".tmp", ".swp", ".part", ".filepart", ".lock", ".pos", ".offset", ".pid", ".idx":
		return false
	}
	switch rest {
	case "old", "bak", "prev", "previous", "last", "orig", "backup", "save", "saved", "rotated", "copy":
		return true
	}
	return strings.ContainsAny(rest, "0123456789") && !strings.HasSuffix(rest, "~")
}

// olderName reports whether a was rotated before b, as far as names tell: by
// number, where the smaller is the newer, else by date. Of files that have a
// number for a name (9.log, 10.log) the smaller is the older.
func (n names) olderName(a, b string) bool {
	x, xok := n.number(a)
	y, yok := n.number(b)
	if xok && yok {
		return x > y
	}
	if x, y := numberRun.FindString(a), numberRun.FindString(b); x != "" && y != "" && len(x) != len(y) {
		return len(x) < len(y)
	}
	return strings.TrimSuffix(a, packedExt) < strings.TrimSuffix(b, packedExt)
}

// number is the N of app.log.N and app.N.log; dates are none.
func (n names) number(name string) (int, bool) {
	name = strings.TrimSuffix(name, packedExt)
	if name == n.base {
		return 0, true
	}
	rest, ok := strings.CutPrefix(name, n.base)
	if !ok {
		if rest, ok = strings.CutPrefix(name, n.stem); ok {
			rest, ok = strings.CutSuffix(rest, n.ext)
		}
	}
	if !ok || len(rest) < 2 || len(rest) > 6 || !strings.ContainsRune(".-_", rune(rest[0])) {
		return 0, false
	}
	v, err := strconv.Atoi(rest[1:])
	return v, err == nil && v >= 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
