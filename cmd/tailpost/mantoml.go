package main

import (
	"strings"

	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/cmd/tailpost/manpage"
	"github.com/tailpost/tailpost/sinks/macro"
)

// configPage is the manual page tailpost.toml(5): every key, from what the
// configuration is checked with.
func configPage(about manpage.About) []byte {
	var w manpage.Writer
	w.Title("tailpost.toml", "5", about.Date, "tailpost "+about.Version, "File formats")
	w.Name("tailpost.toml", "configuration of the bridge tailpost")
	w.Section("DESCRIPTION")
	w.Prose(`A file in TOML: at least one source, from which session lines come, and one
recipient, who is told of them. Names are identities, of sources and of
recipients. Keys are lower-case; an unknown one is an error. The bridge reloads
it when it changes, or on SIGHUP; one that is refused leaves the old one in force.
tailpost check says all that is wrong with it.`)
	w.Section("VALUES")
	w.Terms([]manpage.Term{
		{Word: "duration", Text: `"250ms", "30s", "1h30m", "7d"; a number alone is an error.`},
		{Word: "size", Text: `"64KiB", "512MiB", "10GiB", "0".`},
		{Word: "rate", Text: `"50/s", "100/m", "1/h".`},
		{Word: "list", Text: `["a", "b"], or one text: "a, b".`},
		{Word: "path", Text: "Relative to the folder of the file that it stands in."},
		{Word: "secret", Text: "Text; better as KEY_file, the file that holds it, in one line (a bare name is looked up in $CREDENTIALS_DIRECTORY first), or KEY_env, the environment variable."},
		{Word: "template", Text: "Text with tokens, see below."},
	})
	w.Section("KEYS")
	for _, t := range config.Reference() {
		tableKeys(&w, t)
	}
	w.Section("TOKENS")
	w.Prose("A template has %%NAME%% for a field of the event, without regard to case:")
	w.Literal(columns(macro.Known()))
	w.Prose(`And %%survey_NAME%%, an answer; %%custom.NAME%%, %%extra.NAME%%, other fields of the
input; %%source.name%%, %%source.format%%, %%source.host%%, %%source.offset%%.`)
	w.Section("FILES")
	w.Terms(about.Files)
	w.Section("EXAMPLE")
	w.Literal(strings.Split(configExample, "\n"))
	w.See([]string{"tailpost(1)", "tailpost-run(1)", "tailpost-check(1)", "tailpost-schema(1)"})
	return w.Bytes()
}

const configExample = `  [[sources.tail]]
  name         = "appliance"
  path         = "/var/log/appliance/session.log"
  format       = "bg"
  appliance_id = "support.example.com"

  [[recipients.http]]
  name = "desk"
  url  = "https://desk.example.com/events"`

func tableKeys(w *manpage.Writer, t config.Table) {
	if heading := t.Heading(); heading != "" {
		w.Subsection(heading)
	} else {
		w.Subsection("Before the first table")
	}
	w.Prose(t.Doc)
	if t.Like != "" {
		w.Prose("The keys are those of [[" + t.Like + "]] that aren't one recipient's own.")
		return
	}
	var terms []manpage.Term
	for _, k := range t.Keys {
		if k.Of == "" { // else the secret's own line says it
			terms = append(terms, manpage.Term{Word: k.Name, Text: keyText(k)})
		}
	}
	w.Terms(terms)
}

// keyText is all that there is to a key.
func keyText(k config.Key) string {
	var b strings.Builder
	b.WriteString(k.Type)
	if k.Required {
		b.WriteString(", required")
	}
	if k.Default != "" {
		b.WriteString(", default " + k.Default)
	}
	b.WriteString(": " + k.Doc)
	if k.OneOf != nil {
		b.WriteString(". One of " + strings.Join(k.OneOf, ", "))
	}
	if r := k.Range(); r != "" {
		b.WriteString(" (" + r + ")")
	}
	return b.String() + "."
}

// columns puts words into lines that fit a terminal.
func columns(words []string) (lines []string) {
	line := " "
	for _, word := range words {
		if len(line)+len(word)+2 > 76 {
			lines = append(lines, line)
			line = " "
		}
		line += " " + word
	}
	return append(lines, line)
}
