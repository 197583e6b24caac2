package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/tailpost/tailpost/bridge/config"
)

// secretKeys gives each key whose value must not be shown: those that exist as
// X, X_file and X_env, private keys, and those that may hold a secret among
// other things.
func secretKeys() (out []string) {
	keys := config.Keys()
	for _, k := range keys {
		last := k[strings.LastIndexByte(k, '.')+1:]
		secret := slices.Contains(keys, k+"_file") && slices.Contains(keys, k+"_env")
		mayHold := strings.HasSuffix(last, "url") || strings.HasSuffix(last, "key_file") || last == "headers" || last == "params" || last == "proxy"
		if secret || mayHold {
			out = append(out, k)
		}
	}
	return slices.DeleteFunc(out, func(k string) bool {
		switch k {
		case "defaults.http.proxy", "recipients.http.proxy": // a user name in it is refused; see TestRefusedFilesShowNoSecret
			return true
		}
		return false
	})
}

// secretSites are configurations that hold a secret in each of these keys
// together. {{secret KEY}} is one, and so is {{whsec KEY}}; {{key KEY}} is a
// file with a private one.
var secretSites = []struct {
	name   string
	hooks  int // how many places alerts go to
	config string
}{
	{"recipients", 3, `
[smtp]
host = "127.0.0.1"
port = {{.Relay}}
security = "none"
username = "u"
password = "{{secret "smtp.password"}}"
from = "t@example.com"
client_cert_file = "{{.Cert}}"
client_key_file = "{{key "smtp.client_key_file"}}"
[admin]
listen = "127.0.0.1:0"
token = "{{secret "admin.token"}}"
[alerts]
alert_url = "{{.HTTP}}/moved?key={{query "alerts.alert_url"}}"
[[sources.http]]
name = "post"
listen = "127.0.0.1:0"
format = "json"
appliance_id = "a"
username = "u"
password = "{{secret "sources.http.password"}}"
[[sources.syslog]]
name = "syslog"
listen = "tls://127.0.0.1:0"
format = "bg"
appliance_id = "a"
cert_file = "{{.Cert}}"
key_file = "{{key "sources.syslog.key_file"}}"
[[recipients.http]]
name = "echo"{{tell true}}
url = "{{.HTTP}}/echo?key={{query "recipients.http.url"}}&lsid=%%lsid%%"
authorization = "Bearer {{secret "recipients.http.authorization"}}"
signing_secret = "{{whsec "recipients.http.signing_secret"}}"
previous_signing_secret = "{{whsec "recipients.http.previous_signing_secret"}}"
headers = { "X-Key" = "{{secret "recipients.http.headers"}}" }{{tell false}}
order = "none"
give_up = [500]
alert_url = "{{.HTTP}}/moved?key={{query "recipients.http.alert_url"}}"
email_contact = "a@example.com"
send_email_alert_after = "1s"
[[recipients.http]]
name = "moved"
url = "{{.HTTP}}/moved?key={{query "recipients.http.url"}}"
username = "u"
password = "{{secret "recipients.http.password"}}"
give_up = [302]
[[recipients.http]]
name = "refuses"
url = "{{.HTTP}}/401?key={{query "recipients.http.url"}}"
username = "u"
password = "{{secret "recipients.http.password"}}"
alert_url = "{{.HTTP}}/garbage?key={{query "recipients.http.alert_url"}}"
send_email_alert_after = "1s"
[[recipients.http]]
name = "garbage"
url = "{{.HTTP}}/garbage?key={{query "recipients.http.url"}}"
authorization = "Token token={{secret "recipients.http.authorization"}}"
alert_url = "http://127.0.0.1:1/?key={{query "recipients.http.alert_url"}}"
send_email_alert_after = "1s"
[[recipients.http]]
name = "a secret path"
url_file = "{{urlFile "recipients.http.url" (print .HTTP "/services/") "/end"}}"
[[recipients.http]]
name = "a secret path with tokens"
url_file = "{{urlFile "recipients.http.url" (print .HTTP "/services/") "/%%lsid%%?x=%%lsid%%"}}"
[[recipients.http]]
name = "no TLS"
url = "{{.TLS}}/500?key={{query "recipients.http.url"}}"
password = "{{secret "recipients.http.password"}}"
username = "u"
client_cert_file = "{{.Cert}}"
client_key_file = "{{key "recipients.http.client_key_file"}}"
[[recipients.http]]
name = "behind a proxy"
url = "{{.HTTP}}/500"
proxy = "{{.HTTP}}"
proxy_username = "u"
proxy_password = "{{secret "recipients.http.proxy_password"}}"
[[recipients.http]]
name = "behind a refusing proxy"
url = "{{.TLS}}/500"
proxy = "{{.HTTP}}"
proxy_username = "u"
proxy_password = "{{secret "recipients.http.proxy_password"}}"
[[recipients.http]]
name = "no token"
url = "{{.HTTP}}/500"
[recipients.http.oauth2]
token_url = "{{.HTTP}}/refused?key={{query "recipients.http.oauth2.token_url"}}"
client_id = "c"
client_secret = "{{secret "recipients.http.oauth2.client_secret"}}"
params = { key = "{{secret "recipients.http.oauth2.params"}}" }
[[recipients.http]]
name = "a strange token"
url = "{{.HTTP}}/500"
[recipients.http.oauth2]
token_url = "{{.HTTP}}/strange?key={{query "recipients.http.oauth2.token_url"}}"
client_id = "c"
client_secret = "{{secret "recipients.http.oauth2.client_secret"}}"
client_auth = "post"
[[recipients.http]]
name = "a token"
url = "{{.HTTP}}/500"
give_up = [500]
[recipients.http.oauth2]
token_url = "{{.HTTP}}/token?key={{query "recipients.http.oauth2.token_url"}}"
client_id = "c"
client_secret = "{{secret "recipients.http.oauth2.client_secret"}}"
[[recipients.email]]
name = "mail"
address = "a@example.com"
alert_url = "{{.HTTP}}/500?key={{query "recipients.email.alert_url"}}"
send_email_alert_after = "1s"
[[recipients.file]]
name = "file"
path = "dir/out"
alert_url = "{{.HTTP}}/500?key={{query "recipients.file.alert_url"}}"
send_email_alert_after = "1s"
`},
	{"defaults", 2, `
[smtp]
host = "127.0.0.1"
port = {{.Mail}}
security = "none"
from = "t@example.com"
[defaults.http]{{tell true}}
authorization = "Bearer {{secret "defaults.http.authorization"}}"
signing_secret = "{{whsec "defaults.http.signing_secret"}}"
previous_signing_secret = "{{whsec "defaults.http.previous_signing_secret"}}"
proxy = "{{.HTTP}}"
proxy_username = "u"
proxy_password = "{{secret "defaults.http.proxy_password"}}"
headers = { "X-Key" = "{{secret "defaults.http.headers"}}" }{{tell false}}
client_cert_file = "{{.Cert}}"
client_key_file = "{{key "defaults.http.client_key_file"}}"
alert_url = "{{.HTTP}}/moved?key={{query "defaults.http.alert_url"}}"
email_contact = "a@example.com"
send_email_alert_after = "1s"
give_up = [500]
order = "none"
[defaults.email]
alert_url = "{{.HTTP}}/garbage?key={{query "defaults.email.alert_url"}}"
send_email_alert_after = "1s"
[[recipients.http]]
name = "echo"
url = "{{.HTTP}}/echo"
[[recipients.email]]
name = "mail"
address = "refused@example.com"
`},
	{"defaults with a password", 0, `
[defaults.http]
username = "u"
password = "{{tell true}}{{secret "defaults.http.password"}}"
give_up = [500]
order = "none"
[[recipients.http]]
name = "echo"
url = "{{.HTTP}}/echo"
`},
	{"defaults with tokens", 0, `
[smtp]
host = "127.0.0.1"
port = {{.Relay}}
security = "none"
username = "u"
from = "t@example.com"
[smtp.oauth2]
token_url = "{{.HTTP}}/token?key={{query "smtp.oauth2.token_url"}}"
client_id = "c"
client_secret = "{{secret "smtp.oauth2.client_secret"}}"
params = { key = "{{secret "smtp.oauth2.params"}}" }
[defaults.http.oauth2]
token_url = "{{.HTTP}}/refused?key={{query "defaults.http.oauth2.token_url"}}"
client_id = "c"
client_secret = "{{secret "defaults.http.oauth2.client_secret"}}"
params = { key = "{{secret "defaults.http.oauth2.params"}}" }
[[recipients.http]]
name = "echo"
url = "{{.HTTP}}/echo"
[[recipients.email]]
name = "mail"
address = "a@example.com"
`},
}

// TestNoSecretIsShown puts a marker into each key that may hold a secret, lets
// all fail against servers that answer with what they know in many encodings,
// and looks for the markers in everything that the program prints, logs, sends
// as an alert and keeps.
func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	marked := map[string]bool{}
	for _, c := range secretSites {
		t.Run(c.name, func(t *testing.T) {
			m := newMarkers(t)
			text := m.config(c.config)
			for _, k := range m.keys {
				marked[k] = true
			}
			s := newSite(t, text)
			s.write(s.config, strings.Replace(m.read(s.config), "[log]", "[log]\nlevel = \"debug\"", 1))
			m.runAll(t, s, c.hooks)
		})
	}
	for _, k := range secretKeys() {
		if !marked[k] {
			t.Errorf("%s may hold a secret, and no marker was put there", k)
		}
	}
}

// runAll runs the bridge until all have failed, and each command beside it.
func (m *markers) runAll(t *testing.T, s *site, hooks int) {
	t.Helper()
	p := s.run()
	s.appendLines(max(4, len(m.said)), func(n int) string { return fmt.Sprint("s", n) })
	s.appendText("no line\n")
	wait(t, "dead letters, and alerts", func() bool { return m.done(hooks) })
	m.ask(t, s)
	m.pages(t, s, p.log.String())
	p.stop()
	m.clean(t, "the log", p.log.String())
	m.clean(t, "alerts", m.alerts())
	m.files(t, filepath.Join(s.dir, "state"))
}

// ask runs each command that looks.
func (m *markers) ask(t *testing.T, s *site) {
	t.Helper()
	dead := m.command(t, s, "dead", "ls", "--json")
	var ids []string
	recipients := map[string]bool{}
	for line := range strings.Lines(dead) {
		var l struct{ ID, Recipient string }
		if json.Unmarshal([]byte(line), &l) == nil && !recipients[l.Recipient] {
			recipients[l.Recipient] = true
			ids = append(ids, l.ID)
		}
	}
	if len(ids) > 0 {
		m.command(t, s, append([]string{"dead", "show"}, ids...)...)
		m.command(t, s, append([]string{"dead", "show", "--json"}, ids...)...)
		m.command(t, s, "why", ids[0])
		m.command(t, s, "why", ids[0], "--json")
	}
	for _, args := range [][]string{{"check"}, {"check", "--connect"}, {"dead", "ls"}, {"quarantine", "ls"}, {"quarantine", "ls", "--json"}, {"spool", "cat"}, {"spool", "ls"}, {"status"}, {"status", "--json"}} {
		m.command(t, s, args...)
	}
	conf, problems := config.Load(s.config)
	m.clean(t, "problems", fmt.Sprintf("%+v %#v", problems, problems))
	for i, r := range conf.Recipients() {
		m.command(t, s, append([]string{"test", r.Name}, []string{"--json"}[i%2:]...)...)
		m.command(t, s, "test", "--dry-run", r.Name)
		m.command(t, s, append([]string{"status", "--recipient", r.Name}, []string{"--json"}[i%2:]...)...)
	}
}

// pages reads what the admin listener tells whoever can reach it, if the site
// has one.
func (m *markers) pages(t *testing.T, s *site, log string) {
	t.Helper()
	at := regexp.MustCompile(`"page":"http://([0-9.:]+)/"`).FindStringSubmatch(log)
	if at == nil {
		if strings.Contains(m.read(s.config), "[admin]") {
			t.Error("no listener")
		}
		return
	}
	paths := []string{"/", "/dead", "/events", "/sign-in", "/api/status", "/metrics", "/readyz", "/healthz"}
	conf, _ := config.Load(s.config)
	for _, r := range conf.Recipients() {
		paths = append(paths, "/recipient?name="+url.QueryEscape(r.Name))
	}
	for i := 0; i < len(paths); i++ {
		res, err := http.Get("http://" + at[1] + paths[i])
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || len(b) == 0 {
			t.Errorf("%s: %d bytes, %v", paths[i], len(b), err)
		}
		m.clean(t, "GET "+paths[i], string(b))
		if paths[i] == "/dead" || paths[i] == "/events" { // and why
			paths = append(paths, regexp.MustCompile(`/event\?id=[0-9a-f]{32}`).FindAllString(string(b), 3)...)
		}
	}
}

// command gives what a command prints, run in this process: starting one takes
// longest. It may fail.
func (m *markers) command(t *testing.T, s *site, args ...string) string {
	t.Helper()
	args = append(args, "--config", s.config)
	var out strings.Builder
	run(args, strings.NewReader(""), &out, &out)
	if out.Len() == 0 && args[0] != "dead" && args[0] != "quarantine" {
		t.Errorf("%q prints nothing", args)
	}
	m.clean(t, strings.Join(args, " "), out.String())
	return out.String()
}

// files reads whatever is kept, and looks at who else may.
func (m *markers) files(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := d.Info()
		if err != nil {
			return err
		}
		if i.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v", path, i.Mode())
		}
		if i.Mode().IsRegular() {
			m.clean(t, path, m.read(path))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// config fills in the markers of a configuration.
func (m *markers) config(text string) string {
	m.t.Helper()
	var b strings.Builder
	if err := template.Must(template.New("").Funcs(m.funcs()).Parse(text)).Execute(&b, m); err != nil {
		m.t.Fatal(err)
	}
	m.ready()
	return b.String()
}

// TestRefusedFilesShowNoSecret breaks each line of a configuration in which a
// secret stands, in the ways in which people do: no problem repeats it.
func TestRefusedFilesShowNoSecret(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "broken.toml")
	for _, c := range secretSites {
		m := newMarkers(t)
		lines := strings.Split("state_dir = \"state\"\n"+noListener(c.config)+"\n"+m.config(c.config), "\n")
		for i, line := range lines {
			if !strings.Contains(line, "Mq") {
				continue
			}
			key, value, _ := strings.Cut(line, " = ")
			for _, broken := range []string{
				strings.TrimSuffix(line, `"`), line + " x", line + `"`, key + " = " + strings.Trim(value, `"`), key + " = [" + value + "]",
				key + " = { x = " + value + " }", line + "\n" + line, key + "s = " + value, key + " = " + strings.Replace(value, `"`, `"\q`, 1),
				strings.ReplaceAll(line, "http://", "http://u:Mq0Wz00vX@h/%zz"), strings.ReplaceAll(line, "http://", "Mq0Wz00vX://"),
				strings.ReplaceAll(line, "whsec_", "whsek_"), strings.ReplaceAll(line, "whsec_", "whsec_*"), strings.ReplaceAll(line, "Bearer ", `Bearer \n`),
				key + `_file = "none"`, "proxy = \"http://u:Mq0Wz00vX@127.0.0.1:1\"", "[x]\n" + line, key + " = 1234567890",
			} {
				text := strings.Join(append(append(append([]string{}, lines[:i]...), broken), lines[i+1:]...), "\n")
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				_, problems := config.Load(path)
				m.clean(t, broken, fmt.Sprint(problems))
				if t.Failed() {
					t.Fatalf("%q: %v", broken, problems)
				}
			}
		}
	}
}
