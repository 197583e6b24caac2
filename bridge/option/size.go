package option

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, written with B, KiB, MiB, GiB or TiB.
type Size int64

var sizeUnits = []struct {
	name string
	n    int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && int64(s)%u.n == 0 {
			return strconv.FormatInt(int64(s)/u.n, 10) + u.name
		}
	}
	return "0"
}

// SizePattern is what ParseSize reads.
const SizePattern = `\s*(0|[0-9]+\s*([KMGT]i)?B)\s*`

// ParseSize reads what String writes; "0" needs no unit.
func ParseSize(s string) (Size, error) {
	t := strings.TrimSpace(s)
	if t == "0" {
		return 0, nil
	}
	for _, u := range sizeUnits {
		num, ok := strings.CutSuffix(t, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(num), 10, 63)
		if err != nil || int64(n) > math.MaxInt64/u.n {
			break
		}
		return Size(int64(n) * u.n), nil
	}
	return 0, fmt.Errorf("%q is no size; use one like \"64KiB\", \"512MiB\" or \"10GiB\"", s)
}

// UnmarshalTOML takes a string with a unit.
func (s *Size) UnmarshalTOML(v any) error {
	t, ok := v.(string)
	n, whole := v.(int64)
	if whole && n >= 1<<20 { // bytes, surely
		return fmt.Errorf("%d has no unit; use the string \"%v\"", n, Size(n))
	}
	if whole && n >= 0 {
		return fmt.Errorf("%d has no unit; use a string such as \"%dMiB\", or \"%dB\" for bytes", n, n, n)
	}
	if !ok {
		return errors.New("not a size; use a string with a unit, such as \"512MiB\"")
	}
	p, err := ParseSize(t)
	if err != nil {
		return err
	}
	*s = p
	return nil
}
