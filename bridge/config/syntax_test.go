package config

import (
	"strings"
	"testing"
)

func TestSyntaxErrors(t *testing.T) {
	for _, tc := range []ruleTest{
		{name: "no value", text: "state_dir =\n", want: []string{`t.toml:1:12: state_dir: expected value but found '\n' instead`}},
		{name: "text without quotes", text: "[log]\nlevel = info\n", want: []string{`t.toml:2:9: level: text without quotes; write level = "..."`}},
		{name: "a duration without quotes", text: "[spool]\n keep= 24h # a day\n", want: []string{`t.toml:2:8: keep: text without quotes; write keep = "..."`}},
		{name: "a path without quotes", text: "state_dir = /var/lib/tailpost\n", want: []string{`t.toml:1:13: state_dir: text without quotes; write state_dir = "..."`}},
		{name: "a number that is none", text: "[spool]\nmax_parked = 1_\n", want: []string{`t.toml:2:14: spool.max_parked: Invalid integer "1_": underscores must be surrounded by digits`}},
		{name: "a list without quotes", text: "include = [ conf ]\n", want: []string{`t.toml:1:13: include: expected value but found "conf" instead`}},
		{name: "behind true", text: "a = true false\n", want: []string{`t.toml:1:5: a: text without quotes; write a = "..."`}},
		{name: "a key twice", text: "[log]\nlevel = 'info'\nlevel = 'warn'\n", want: []string{`t.toml:3:1: log.level: Key 'log.level' has already been defined`}},
		{name: "a table twice", text: "[spool]\n[log]\n[spool]\n", want: []string{`t.toml:3:2: Key 'spool' has already been defined`}},
		{name: "an open string", text: "[log]\nlevel = 'info\nformat = 'json'\n", want: []string{`t.toml:2:14: log.level: strings cannot contain newlines`}},
		{name: "behind other scripts", text: "a = { 'é' = 1, b = ? }\n", want: []string{`t.toml:1:20: a.b: expected value but found '?' instead`}},
		{name: "an open table name", text: "[log\n", want: []string{`t.toml:1:5: expected '.' or ']' to end table name, but got '\n' instead`}},
		{name: "no UTF-8", text: "# é\xff\n", want: []string{`t.toml:1:4: this byte is not UTF-8; save the file as UTF-8`}},
		{name: "UTF-16", text: "\xff\xfea\x00", want: []string{`t.toml:1:1: this byte is not UTF-8; save the file as UTF-8`}},
		{name: "CRLF", text: "[log]\r\nlevel = info\r\n", want: []string{`t.toml:2:9: level: text without quotes; write level = "..."`}},
		{name: "a byte order mark", text: bom + "level = info\n", want: []string{`t.toml:1:9: level: text without quotes; write level = "..."`}},
		{name: "a byte order mark is no mistake", text: bom + rest, whole: true},
		{name: "nor are CRLF", text: strings.ReplaceAll("[log]\nlevel='warn'\n"+rest, "\n", "\r\n"), whole: true},
		{name: "positions behind both", text: bom + "[log]\r\n\tlevl='warn'\r\n", want: []string{`t.toml:2:2: levl: unknown key; did you mean "level"?`}},
	} {
		t.Run(tc.name, tc.run)
	}
}

// Behind values that are nested too deep nothing is located; what is wrong
// there is told all the same.
func TestNestedTooDeep(t *testing.T) {
	deep := "a = " + strings.Repeat("[", depthMax+1) + strings.Repeat("]", depthMax+1) + "\n"
	c, ps := Parse("t.toml", []byte(deep+rest+rest+"[log]\nlevel=1\n[smtp]\n"))
	if c != nil || len(ps) < 5 {
		t.Errorf("got %q", texts(ps))
	}
	for _, p := range ps {
		if p.Line != 1 {
			t.Errorf("%s", p)
		}
	}
}

// What stands where a secret belongs is not repeated.
func TestSyntaxErrorsTellNoSecret(t *testing.T) {
	for _, text := range []string{
		"[smtp]\npassword = swordfish\n",
		"[[recipients.http]]\nauthorization = swordfish\n",
		"[[recipients.http]]\nheaders = { X-Key = swordfish }\n",
		"[smtp]\npassword = [swordfish]\n",
		"[smtp]\npassword = { a = 'swordfish' }\n",
		"[smtp]\npassword = ['swordfish']\n",
		"[[recipients.http]]\nheaders = ['swordfish']\n",
		"[[recipients.http]]\nheaders = 'swordfish'\n",
	} {
		c, ps := Parse("t.toml", []byte(text))
		if got := strings.Join(texts(ps), "\n"); c != nil || len(ps) == 0 || strings.Contains(got, "swordfish") {
			t.Errorf("%q gives %s", text, got)
		}
	}
}

// FuzzParse: no text makes it panic, and each problem stands where the text
// has a line and a column.
func FuzzParse(f *testing.F) {
	f.Add(rest)
	f.Add("state_dir='a'\n[log]\nlevel='x'\n[spool]\nkeep=5\n[smtp]\nhost=''\n[defaults.http]\nretry_interval='1s'\n[[recipients.http]]\nname='a'\nheaders={a=1}\n[[recipients.email]]\naddress='a@b'\n")
	f.Add("[[sources.tail]]\n[[sources.stdin]]\n[sources]\nx=1\n")
	f.Add("recipients.http=[{name='a',url='b'},{}]\nsources={tail=[{}]}\ndefaults={http={name='x'}}\n")
	f.Add("[recipients]\nhttp=5\nemail=[]\nfile={}\n[log]\n[log.level]\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "include") || strings.Contains(text, "_file") {
			return // no looking at this machine's files
		}
		c, ps := Parse("t.toml", []byte(text))
		if c == nil && len(ps) == 0 {
			t.Fatalf("refused without a word: %q", text)
		}
		lines := strings.Split(text, "\n")
		for _, p := range ps {
			if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len(lines[p.Line-1])+1 || strings.ContainsAny(p.Key, "\n\x1b") {
				t.Fatalf("%s, of %q", p, text)
			}
		}
	})
}
