package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// Every key that the checker knows is described, and nothing else is.
func TestReferenceHasAllKeys(t *testing.T) {
	var described []string
	for _, table := range Reference() {
		for _, k := range table.Keys {
			if table.Like != "" {
				described = append(described, paths([]Key{k})...)
				continue
			}
			described = append(described, k.Path())
		}
		if table.Doc == "" || len(table.Keys) == 0 {
			t.Errorf("table %q: %q, with %d keys", table.Name, table.Doc, len(table.Keys))
		}
	}
	slices.Sort(described)
	if keys := Keys(); !slices.Equal(described, keys) {
		t.Errorf("described are\n%s\nthe checker knows\n%s", described, keys)
	}
}

func TestReferenceSaysWhatAKeyDoes(t *testing.T) {
	for k := range eachKey() {
		switch {
		case k.Doc == "":
			t.Errorf("%s: its field has no doc tag", k.Path())
		case strings.HasSuffix(k.Doc, ".") || strings.ContainsAny(k.Doc, "\n`|"):
			t.Errorf("%s: %q is not one line without a full stop that a table can hold", k.Path(), k.Doc)
		case k.Type == "":
			t.Errorf("%s: no type", k.Path())
		}
	}
}

// A limit of a key that doesn't exist would be lost without a word.
func TestLimitsAreOfKeys(t *testing.T) {
	for name, s := range knownTables() {
		for key := range s.limits {
			if s.fields[key] == nil && key != "pattern" && key != "unmatched" {
				t.Errorf("%s has no key %s", name, key)
			}
		}
	}
}

// eachKey goes through all keys but those of the defaults, which are the
// recipients'.
func eachKey() func(yield func(Key) bool) {
	return func(yield func(Key) bool) {
		for _, t := range Reference() {
			for _, k := range t.Keys {
				if t.Like == "" && !yield(k) {
					return
				}
			}
		}
	}
}

// files is a folder that configurations stand in, and a secret's file.
type files struct{ dir string }

// needs are what each table is nothing without.
var needs = map[string]string{
	"smtp":             "host='localhost'\nfrom='t@example.com'\nsecurity='none'\n",
	"sources.tail":     "name='in'\npath='in.log'\nformat='bg'\nappliance_id='a'\n",
	"sources.drop":     "name='in'\ndir='in'\nformat='bg'\nappliance_id='a'\n",
	"sources.http":     "name='in'\nlisten='127.0.0.1:9181'\nformat='form'\nappliance_id='a'\n",
	"sources.socket":   "name='in'\npath='/run/in.sock'\nformat='bg'\nappliance_id='a'\n",
	"sources.syslog":   "name='in'\nlisten='udp://127.0.0.1:5514'\nformat='bg'\nappliance_id='a'\n",
	"sources.stdin":    "name='in'\nformat='bg'\nappliance_id='a'\nmax_line='1KiB'\n",
	"recipients.http":  "name='out'\nurl='https://example.com/'\n",
	"recipients.email": "name='out'\naddress='a@example.com'\n",
	"recipients.file":  "name='out'\npath='out.jsonl'\n",

	"recipients.http.oauth2": "token_url='https://example.com/'\nclient_id='c'\nclient_secret_file='secret'\n",
	"smtp.oauth2":            "token_url='https://example.com/'\nclient_id='c'\nclient_secret_file='secret'\n",
}

// company is what a value needs beside it, by key or by key and value.
var company = map[string]string{
	"sources.*.format=regex":           "pattern='(?P<event>x) (?P<lsid>y)'",
	"sources.*.pattern":                "format='regex'",
	"sources.*.unmatched=ignore":       "format='regex'\npattern='(?P<event>x) (?P<lsid>y)'",
	"sources.*.unmatched=quarantine":   "format='regex'\npattern='(?P<event>x) (?P<lsid>y)'",
	"sources.http.username":            "password_file='secret'",
	"recipients.http.body=template":    "template='{}'",
	"recipients.http.batch_format":     "body='json'",
	"recipients.http.cloudevents_mode": "body='cloudevents'",
	"recipients.http.batch_max_events": "body='json'",
	"recipients.http.batch_max_wait":   "body='json'\nbatch_max_events=2",
	"smtp.auth=plain":                  "username='u'\npassword_file='secret'",
	"smtp.auth=login":                  "username='u'\npassword_file='secret'",
	"smtp.auth=cram-md5":               "username='u'\npassword_file='secret'",
	"smtp.auth=xoauth2":                "username='u'\n[smtp.oauth2]\ntoken_url='https://example.com/'\nclient_id='c'\nclient_secret_file='secret'",
}

// write puts a configuration together in which a key has a value; "" leaves the
// key out. Keys of the table that are needed and not this one stand before it.
func (f files) write(t *testing.T, k Key, value string) (*Config, []Problem) {
	t.Helper()
	lines := map[string]string{"sources.stdin": needs["sources.stdin"], "recipients.file": needs["recipients.file"], "smtp": needs["smtp"]}
	group, _, _ := strings.Cut(k.Table, ".")
	for name := range lines {
		if strings.HasPrefix(name, group+".") {
			delete(lines, name)
		}
	}
	top := ""
	var own []string
	beside := companyOf(k, value)
	for _, line := range strings.Split(needs[k.Table], "\n") {
		key, _, _ := strings.Cut(line, "=")
		if key != k.Name && !strings.Contains("\n"+beside, "\n"+key+"=") {
			own = append(own, line)
		}
	}
	if value != "" {
		own = append(own, k.Name+" = "+value)
	}
	text := strings.Join(own, "\n") + "\n" + beside + "\n"
	switch parent, ok := parentOf(k.Table); {
	case k.Table == "":
		top = text
	case ok:
		lines[parent] = needs[parent]
		if parent == "smtp" {
			lines[parent] += "username='u'\n"
		}
		if strings.HasSuffix(k.Table, anyName) && k.Name != "body" {
			text += "body='x'\n"
		}
		lines[parent] += "[" + strings.Replace(k.Table, anyName, "support_conference_end", 1) + "]\n" + text
	default:
		lines[k.Table] = text
	}
	var b strings.Builder
	b.WriteString(top)
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		if strings.Contains(name, ".") {
			b.WriteString("[[" + name + "]]\n" + lines[name] + "\n")
		} else {
			b.WriteString("[" + name + "]\n" + lines[name] + "\n")
		}
	}
	return Parse(filepath.Join(f.dir, "t.toml"), []byte(b.String()))
}

// parentOf gives the table that a table within stands in.
func parentOf(table string) (string, bool) {
	for _, d := range tableDocs {
		if d.name != "" && strings.HasPrefix(table, d.name+".") {
			return d.name, true
		}
	}
	return "", false
}

func companyOf(k Key, value string) string {
	value = strings.Trim(value, `"`)
	group, _, _ := strings.Cut(k.Table, ".")
	for _, name := range []string{k.Path() + "=" + value, k.Path(), group + ".*." + k.Name + "=" + value, group + ".*." + k.Name} {
		if s, ok := company[name]; ok {
			return s
		}
	}
	return ""
}

func newFiles(t *testing.T) files {
	f := files{t.TempDir()}
	if err := os.WriteFile(filepath.Join(f.dir, "secret"), []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

// refused gives the problems of a key, warnings aside; nil: its value is taken.
func refused(k Key, ps []Problem) (out []Problem) {
	for _, p := range ps {
		if !p.Warning && (p.Key == k.Name || strings.HasSuffix(p.Key, "."+k.Name)) {
			out = append(out, p)
		}
	}
	return out
}

// What the reference says of a key's values is what the checker does: each of
// the named ones is taken and no other, each bound itself and nothing beyond.
func TestReferenceSaysWhatTheCheckerTakes(t *testing.T) {
	f := newFiles(t)
	tried := 0
	for k := range eachKey() {
		for _, v := range taken(k) {
			tried++
			if c, ps := f.write(t, k, v); c == nil || refused(k, ps) != nil {
				t.Errorf("%s = %s is refused: %v", k.Path(), v, ps)
			}
		}
		for _, v := range notTaken(k) {
			tried++
			if _, ps := f.write(t, k, v); refused(k, ps) == nil {
				t.Errorf("%s = %s is taken: %v", k.Path(), v, ps)
			}
		}
	}
	if tried < 300 {
		t.Errorf("tried %d values only", tried)
	}
}

// taken gives values at the edge of what a key takes, as they are written.
func taken(k Key) (out []string) {
	for _, v := range k.OneOf {
		out = append(out, strconv.Quote(v))
	}
	if k.OrNone && k.field != reflect.TypeFor[option.Duration]() && k.Of == "" && !strings.HasSuffix(k.Name, "token_url") {
		out = append(out, `""`)
	}
	if k.Least > 0 {
		out = append(out, written(k, k.Least))
	}
	if k.Most > 0 {
		out = append(out, written(k, k.Most))
	}
	if k.Kind == "addresses" {
		out = append(out, `["a@example.com"]`, addresses(k.Entries))
	}
	if k.Length > 0 {
		out = append(out, strconv.Quote(strings.Repeat("ü", k.Length)))
	}
	return out
}

// notTaken gives values just beyond it.
func notTaken(k Key) (out []string) {
	if k.OneOf != nil {
		out = append(out, `"x"`, strconv.Quote(k.OneOf[0]+"x"), strconv.Quote(strings.ToUpper(k.OneOf[0])))
		if !k.OrNone {
			out = append(out, `""`)
		}
	}
	if k.Least > 0 {
		out = append(out, written(k, k.Least-1))
		if k.OrNone {
			out[len(out)-1] = written(k, 1)
		}
	}
	if k.Most > 0 {
		out = append(out, written(k, k.Most+1))
	}
	if k.Kind == "addresses" {
		out = append(out, addresses(k.Entries+1), `["nobody"]`)
	}
	if k.Kind == "events" && k.Type != "tables" {
		out = append(out, `["support_conference_endd"]`, `["support_conference_"]`)
	}
	if k.Length > 0 {
		out = append(out, strconv.Quote(strings.Repeat("ü", k.Length+1)))
	}
	if k.Required {
		out = append(out, "")
	}
	switch k.Type {
	case "duration", "size":
		out = append(out, "5", `"5"`, `"5x"`, `"-5s"`, "true")
	case "rate":
		out = append(out, "5", `"5"`, `"5/d"`, `"0/s"`)
	case "boolean":
		out = append(out, `"true"`, "1")
	case "integer":
		out = append(out, `"5"`, "5.5")
	case "secret":
		out = append(out, "5", "true", `["x"]`)
	case "table", "tables", "table of texts":
		out = append(out, `"x"`, "5", `["x"]`)
	default:
		out = append(out, "true", "{ a = 'b' }", "5.5")
	}
	return out
}

// written gives a number as a file has it.
func written(k Key, n int64) string {
	switch reflect.New(k.field).Elem().Interface().(type) {
	case option.Duration, smtpsink.Window:
		return fmt.Sprintf(`"%dns"`, n)
	case option.Size:
		return fmt.Sprintf(`"%dB"`, n)
	}
	return strconv.FormatInt(n, 10)
}

func addresses(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("\"a%d@example.com\"", i))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// The default that the reference shows is what holds without the key.
func TestReferenceShowsTheDefaults(t *testing.T) {
	f := newFiles(t)
	tried := 0
	for k := range eachKey() {
		if k.Default == "" {
			continue
		}
		tried++
		without, ps := f.write(t, k, "")
		with, more := f.write(t, k, k.Default)
		if without == nil || with == nil {
			t.Errorf("%s = %s: %v and %v", k.Path(), k.Default, ps, more)
			continue
		}
		without.Warnings, with.Warnings = nil, nil
		without.Depends, with.Depends = Depends{}, Depends{}
		if !with.Same(without) {
			t.Errorf("%s = %s is not what holds without it", k.Path(), k.Default)
		}
	}
	if tried < 90 {
		t.Errorf("tried %d defaults only", tried)
	}
}
