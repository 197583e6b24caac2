package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/tailpost/tailpost/bridge/option"
)

// settings are the fields that a table's keys go to, by key. A key that
// several owners have goes to each of them.
type settings struct {
	keys   []string // in the order of the structs
	fields map[string][]reflect.Value
	docs   map[string]string
	limits option.Limits
}

// limiter is an owner that says what its keys take.
type limiter interface{ Limits() option.Limits }

// settingsOf gives the fields with a toml tag of the structs that owners point
// to. A field without a tag is no setting.
func settingsOf(owners ...any) settings {
	s := settings{fields: map[string][]reflect.Value{}, docs: map[string]string{}, limits: option.Limits{}}
	for _, o := range owners {
		s.addStruct(reflect.ValueOf(o).Elem())
		if own, ok := o.(limiter); ok {
			maps.Copy(s.limits, own.Limits())
		}
	}
	return s
}

func (s *settings) addStruct(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		switch {
		case key == "" && f.Anonymous && f.Type.Kind() == reflect.Struct:
			s.addStruct(v.Field(i))
		case key == "" || key == "-":
		default:
			if s.fields[key] == nil {
				s.keys = append(s.keys, key)
			}
			s.fields[key] = append(s.fields[key], v.Field(i))
			if doc := f.Tag.Get("doc"); doc != "" {
				s.docs[key] = doc
			}
		}
	}
}

// family gives the keys that say the same secret or text, of which one may be
// given, if key is one of them.
func (s *settings) family(key string) []string {
	base := strings.TrimSuffix(strings.TrimSuffix(key, "_file"), "_env")
	for _, f := range s.fields[base] {
		if f.Type() == reflect.TypeFor[option.Secret]() {
			return []string{base, base + "_file", base + "_env"}
		}
	}
	switch {
	case s.fields[base] == nil || s.fields[base+"_file"] == nil:
		return nil
	case s.fields[base+"_env"] != nil:
		return []string{base, base + "_file", base + "_env"}
	}
	return []string{base, base + "_file"}
}

// isTable reports whether a field takes a table of its own settings.
func isTable(f reflect.Value) bool {
	if f.Kind() != reflect.Struct {
		return false
	}
	switch f.Addr().Interface().(type) {
	case toml.Unmarshaler, encoding.TextUnmarshaler:
		return false
	}
	return true
}

// mismatch says what is wrong with a value that a setting can't take, and what
// would be right. It never shows the value.
func mismatch(f reflect.Value, raw any) (text, hint string) {
	var want string
	switch {
	case f.Type() == reflect.TypeFor[option.Secret](), f.Kind() == reflect.String:
		want = "text"
		if n, ok := raw.(int64); ok && f.Kind() == reflect.String {
			hint = fmt.Sprintf("write \"%d\"", n)
		}
	case f.Kind() == reflect.Bool:
		want, hint = "true or false", "write it without quotes"
	case f.CanInt():
		want = "a whole number"
		if s, ok := raw.(string); ok && isNumber(s) {
			hint = "write " + s + ", without quotes"
		}
	case f.CanFloat():
		want = "a number"
	case f.Kind() == reflect.Map || f.Kind() == reflect.Struct:
		want = "a table"
	default:
		want = "a list"
	}
	return "is " + kind(raw) + ", not " + want, hint
}

func isNumber(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

// kind is what people call the type of a TOML value.
func kind(raw any) string {
	switch raw.(type) {
	case string:
		return "text"
	case int64:
		return "a number"
	case float64:
		return "a fraction"
	case bool:
		return "true or false"
	case time.Time:
		return "a date"
	case map[string]any:
		return "a table"
	case []map[string]any:
		return "a list of tables"
	}
	return "a list"
}
