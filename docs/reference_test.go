package docs

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/sinks/macro"
)

var update = flag.Bool("update", false, "write reference.md and tailpost.schema.json anew")

// TestReference fails when reference.md or the schema are not what the program
// knows. To write them anew: go test ./docs -run TestReference -update
func TestReference(t *testing.T) {
	for _, f := range []struct {
		name string
		want []byte
	}{{"reference.md", reference()}, {"tailpost.schema.json", config.Schema()}} {
		if *update {
			if err := os.WriteFile(f.name, f.want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(f.name); err != nil || !bytes.Equal(got, f.want) {
			t.Errorf("docs/%s is not what the program knows (%v): go test ./docs -run TestReference -update", f.name, err)
		}
	}
}

const referenceHead = `# Reference

Every key of the configuration and every token. This page is made of what the
program itself checks with: change it there, then ` + "`go test ./docs -run TestReference -update`" + `.
[config.example.toml](../config.example.toml) shows the keys at work.

## Keys

Keys are lower-case; an unknown one is an error. What values look like:

| type | |
|---|---|
| text | ` + "`\"in quotes\"`" + ` |
| boolean | ` + "`true`, `false`" + ` |
| integer | ` + "`8`" + ` |
| duration | ` + "`\"250ms\"`, `\"30s\"`, `\"1h30m\"`, `\"7d\"`" + `: a number alone is an error |
| size | ` + "`\"64KiB\"`, `\"512MiB\"`, `\"10GiB\"`, `\"0\"`" + ` |
| rate | ` + "`\"50/s\"`, `\"100/m\"`, `\"1/h\"`" + ` |
| list | ` + "`[\"a\", \"b\"]`, or one text: `\"a, b\"`" + ` |
| path, paths | relative to the folder of the file that they stand in |
| secret | text; better as ` + "`KEY_file`" + ` (the file that holds it, in one line; a bare name is looked up in ` + "`$CREDENTIALS_DIRECTORY`" + ` first) or ` + "`KEY_env`" + ` (the environment variable) |
| template | text with [tokens](#tokens) |
| table | keys of its own, in ` + "`[TABLE.KEY]` or `{ … }`" + ` |

**Bold** keys must be there.

`

// reference is the page.
func reference() []byte {
	var b bytes.Buffer
	b.WriteString(referenceHead)
	for _, t := range config.Reference() {
		writeTable(&b, t)
	}
	writeTokens(&b)
	return b.Bytes()
}

func writeTable(b *bytes.Buffer, t config.Table) {
	name := t.Heading()
	if name == "" {
		name = "the top"
	}
	if t.Name == "" {
		fmt.Fprintf(b, "### Before the first table\n\n")
	} else {
		fmt.Fprintf(b, "### `%s`\n\n%s\n\n", name, t.Doc)
	}
	if t.Like != "" {
		fmt.Fprintf(b, "All keys of `[[%s]]` but %s; its own tables, too.\n\n", t.Like, missing(t))
		return
	}
	b.WriteString("| key | type | default | |\n|---|---|---|---|\n")
	for _, k := range t.Keys {
		if k.Of != "" {
			continue // the secret's row names it
		}
		key := "`" + k.Name + "`"
		if len(t.WaysToSay(k.Name)) > 1 {
			key += ", `_file`, `_env`"
		}
		if k.Required {
			key = "**" + key + "**"
		}
		value := ""
		if k.Default != "" {
			value = "`" + k.Default + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", key, k.Type, value, says(k))
	}
	b.WriteString("\n")
}

// missing names the keys of the other table that can't have a default.
func missing(t config.Table) string {
	has := map[string]bool{}
	for _, k := range t.Keys {
		has[k.Name] = true
	}
	var out []string
	for _, other := range config.Reference() {
		for _, k := range other.Keys {
			if other.Name == t.Like && !has[k.Name] && k.Of == "" {
				out = append(out, "`"+k.Name+"`")
			}
		}
	}
	return strings.Join(out, " and ")
}

// says is all that there is to a key: what it does, and what it takes.
func says(k config.Key) string {
	out := strings.ReplaceAll(k.Doc, "*", `\*`)
	if k.OneOf != nil {
		out += ". One of `" + strings.Join(k.OneOf, "`, `") + "`"
	}
	if r := k.Range(); r != "" {
		out += " (" + r + ")"
	}
	return out
}

func writeTokens(b *bytes.Buffer) {
	b.WriteString(`## Tokens

` + "`%%name%%`" + ` in a template stands for a field of the event, without regard to case.
How values are escaped, and what an absent one becomes: [recipients.md](recipients.md#tokens).

| token | in | |
|---|---|---|
`)
	docs := map[string]string{}
	for _, d := range bridge.FieldDocs() {
		in := "all that say it"
		switch {
		case d.Always:
			in = "all"
		case d.Events != nil:
			in = "`" + strings.Join(d.Events, "`, `") + "`"
		}
		docs[d.Name] = fmt.Sprintf("| `%%%%%s%%%%` | %s | %s |\n", d.Name, in, d.Doc)
	}
	for _, name := range macro.Known() {
		row := docs[name]
		if row == "" {
			row = fmt.Sprintf("| `%%%%%s%%%%` | all | the timestamp as people read it: `%s` |\n", name, macro.TimeLayout)
		}
		b.WriteString(row)
	}
	b.WriteString("| `%%survey_NAME%%` | the two surveys | an answer, by its question's name, or by its id where it has none |\n" +
		"| `%%custom.NAME%%`, `%%NAME%%` | all that say it | a custom field |\n" +
		"| `%%extra.NAME%%`, `%%NAME%%` | all that say it | any other field of the input, by its own name |\n" +
		"| `%%NAME.member%%`, `%%NAME.0%%` | all that say it | what is inside a field that is JSON |\n" +
		"| `%%source.name%%`, `%%source.format%%`, `%%source.host%%`, `%%source.offset%%` | all | where the event was read |\n")
	b.WriteString("\nIn the JSON that recipients get, the fields have the same names and this order;\nbehind them stand `survey`, `custom`, `extra` and `source`. Those that are in all\nevents are there even when they are empty, any other is left out then.\n")
}
