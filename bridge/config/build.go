package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/filesink"
	"github.com/tailpost/tailpost/sinks/httpsink"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// build makes a Config of what was gathered, and checks all of it.
func (l *loader) build(name string) *Config {
	c := defaults()
	c.Path = name
	for _, f := range l.files {
		c.Files = append(c.Files, f.name)
	}
	l.buildSettings(c)
	for _, t := range l.tables["sources.tail"] {
		c.Tails = append(c.Tails, l.tailSource(t))
	}
	for _, t := range l.tables["sources.drop"] {
		c.Drops = append(c.Drops, l.dropSource(t))
	}
	for _, t := range l.tables["sources.http"] {
		c.HTTPIns = append(c.HTTPIns, l.httpSource(t))
	}
	for _, t := range l.tables["sources.socket"] {
		c.Sockets = append(c.Sockets, l.socketSource(t))
	}
	for _, t := range l.tables["sources.syslog"] {
		c.Syslogs = append(c.Syslogs, l.syslogSource(t))
	}
	for _, t := range l.tables["sources.stdin"] {
		c.Stdins = append(c.Stdins, l.stdinSource(t))
	}
	l.httpDefaults()
	l.input = l.inputFields(c)
	for _, t := range l.tables["recipients.http"] {
		c.HTTP = append(c.HTTP, l.httpRecipient(t))
	}
	l.emailDefaults()
	for _, t := range l.tables["recipients.email"] {
		c.Email = append(c.Email, l.emailRecipient(t))
	}
	for _, t := range l.tables["recipients.file"] {
		c.File = append(c.File, l.fileRecipient(t))
	}
	l.rules(c)
	l.places(c)
	return c
}

// places notes where the recipients stand.
func (l *loader) places(c *Config) {
	c.Places = map[string]string{}
	for _, kind := range kindsOf["recipients"] {
		for _, t := range l.tables["recipients."+kind] {
			if name, ok := t.raw("name").(string); ok {
				c.Places[name] = where(t, t.placeOf(t.find("name")))
			}
		}
	}
}

// buildSettings fills in what there is once.
func (l *loader) buildSettings(c *Config) {
	if l.stated != nil {
		g := general{}
		if l.set(l.stated, "state_dir", &g.StateDir) {
			c.StateDir = option.AbsPath(g.StateDir, l.stated.file.dir)
		}
		if g.StateDir == "" && !l.stated.isBad("state_dir") {
			l.complain(l.stated, "state_dir", "is empty", "leave it out for "+defaultStateDir)
		}
	}
	c.Spool.Dir = c.StateDir
	if t := l.one("log"); t != nil {
		l.decode(t, nil, &c.Log)
		l.owned(t, nil, c.Log.Check(t.file.dir))
	}
	if t := l.one("shutdown"); t != nil {
		l.decode(t, nil, &c.Shutdown)
		l.owned(t, nil, c.Shutdown.Check(t.file.dir))
	}
	if t := l.one("spool"); t != nil {
		l.decode(t, nil, &c.Spool)
		l.owned(t, nil, c.Spool.Check(t.file.dir))
	}
	if t := l.one("admin"); t != nil {
		l.decode(t, nil, &c.Admin)
		l.owned(t, nil, c.Admin.Check(t.file.dir))
	}
	if t := l.one("alerts"); t != nil {
		l.decode(t, nil, &c.Alerts)
		l.owned(t, nil, c.Alerts.Check(t.file.dir))
	}
	if t := l.one("smtp"); t != nil {
		relay := smtpsink.RelayDefaults()
		l.decode(t, nil, &relay)
		l.owned(t, nil, relay.Check(t.file.dir))
		c.SMTP = &relay
	}
}

// identity are the keys of each source and recipient that belong to nobody
// else.
type identity struct {
	Name string `toml:"name" doc:"what tells it from the others of its kind, and its identity from one configuration to the next; any text"`
}

// httpIdentity has the profile besides.
type httpIdentity struct {
	identity
	Profile string `toml:"profile" doc:"appliance: as the appliance does, with a form body, success = [\"200\"] and order = \"strict\"; keys that are set win over it"`
}

const (
	oneMail = "an email recipient has digests instead: use digest_window and digest_max"
	oneLine = "a file recipient has no batches: each event is a line of its own, and many are synced at once anyway"
)

var (
	refusedHTTP  = map[string]string{"name": "can't have a default", "url": "can't have a default", "url_file": "can't have a default", "url_env": "can't have a default"}
	refusedEmail = map[string]string{"name": "can't have a default", "batch_max_events": oneMail, "batch_max_wait": oneMail}
	mailAlone    = map[string]string{"batch_max_events": oneMail, "batch_max_wait": oneMail}
	lineAlone    = map[string]string{"batch_max_events": oneLine, "batch_max_wait": oneLine}
)

// httpDefaults reads [defaults.http] for its problems, for the case that no
// recipient takes it.
func (l *loader) httpDefaults() {
	if t := l.one("defaults.http"); t != nil {
		r := HTTPRecipient{}
		l.decode(t, refusedHTTP, &httpIdentity{}, &r.Policy, &r.Alert, &r.Sink)
		l.checkProfile(t)
	}
}

func (l *loader) httpRecipient(t *table) HTTPRecipient {
	var id httpIdentity
	def := l.one("defaults.http")
	profile := l.profile(t, def)
	r := HTTPRecipient{Profile: profile, Policy: dispatch.Defaults(profile), Alert: alert.Defaults(), Sink: httpsink.Defaults(profile)}
	l.inherit(t, def, refusedHTTP, &id, &r.Policy, &r.Alert, &r.Sink)
	l.decode(t, nil, &id, &r.Policy, &r.Alert, &r.Sink)
	l.checkProfile(t)
	r.Name = l.name(t, id.identity)
	r.Sink.Name = r.Name
	l.owned(t, def, r.Policy.Check(t.file.dir))
	l.ignored(t, def, &r.Policy)
	l.owned(t, def, r.Alert.Check(t.file.dir))
	r.Sink.Fields, r.Sink.AllFields = l.input.names, l.input.all
	r.Sink.BatchMaxEvents = r.Policy.BatchMaxEvents
	l.owned(t, def, r.Sink.Check(t.file.dir))
	r.Sink.Fields, r.Sink.AllFields = nil, false // the sources', not the recipient's
	return r
}

// emailDefaults does for [defaults.email] what httpDefaults does.
func (l *loader) emailDefaults() {
	if t := l.one("defaults.email"); t != nil {
		r := EmailRecipient{}
		l.decode(t, refusedEmail, &identity{}, &r.Policy, &r.Alert, &r.Sink)
	}
}

func (l *loader) emailRecipient(t *table) EmailRecipient {
	var id identity
	def := l.one("defaults.email")
	r := EmailRecipient{Policy: dispatch.Defaults(""), Alert: alert.Defaults(), Sink: smtpsink.Defaults()}
	l.inherit(t, def, refusedEmail, &id, &r.Policy, &r.Alert, &r.Sink)
	l.decode(t, mailAlone, &id, &r.Policy, &r.Alert, &r.Sink)
	r.Name = l.name(t, id)
	r.Sink.Name = r.Name
	l.owned(t, def, r.Policy.Check(t.file.dir))
	l.ignored(t, def, &r.Policy)
	l.owned(t, def, r.Alert.Check(t.file.dir))
	r.Sink.Fields, r.Sink.AllFields = l.input.names, l.input.all
	l.owned(t, def, r.Sink.Check(t.file.dir))
	r.Sink.Fields, r.Sink.AllFields = nil, false
	if w := r.Sink.DigestWindow; w > 0 {
		r.Policy.BatchMaxWait, r.Policy.BatchMaxEvents = option.Duration(w), r.Sink.DigestMax
	}
	for _, event := range slices.Sorted(maps.Keys(r.Sink.Message)) {
		if !r.Policy.Wants(event) {
			l.owned(t, def, []option.Problem{{Key: "message." + event, Text: "is never used: events doesn't name it", Warning: true}})
		}
	}
	return r
}

func (l *loader) fileRecipient(t *table) FileRecipient {
	var id identity
	r := FileRecipient{Policy: dispatch.Defaults(""), Alert: alert.Defaults(), Sink: filesink.Defaults()}
	l.decode(t, lineAlone, &id, &r.Policy, &r.Alert, &r.Sink)
	r.Name = l.name(t, id)
	r.Sink.Name = r.Name
	l.owned(t, nil, r.Policy.Check(t.file.dir))
	l.ignored(t, nil, &r.Policy)
	l.owned(t, nil, r.Alert.Check(t.file.dir))
	l.owned(t, nil, r.Sink.Check(t.file.dir))
	return r
}

// inherit gives a recipient what its defaults say. Their relative paths start
// at the folder of the file that the defaults stand in.
func (l *loader) inherit(t, def *table, refused map[string]string, owners ...any) {
	if def == nil {
		return
	}
	l.decode(def, refused, owners...)
	if def.file.dir == t.file.dir {
		return
	}
	s := settingsOf(owners...)
	for key := range def.values {
		s.absolute(key, def.raw(key), def.file.dir)
	}
}

// absolute makes the path absolute that a key says, or all those in its table.
func (s *settings) absolute(key string, raw any, dir string) {
	for _, f := range s.fields[key] {
		within, _ := raw.(map[string]any)
		if path, ok := f.Addr().Interface().(*string); ok && strings.HasSuffix(key, "_file") {
			*path = option.FilePath(*path, dir)
		} else if isTable(f) && within != nil {
			sub := settingsOf(f.Addr().Interface())
			for k, v := range within {
				sub.absolute(k, v, dir)
			}
		}
	}
}

// profile gives the profile of a recipient: its own, else the defaults'. A
// value that is none counts as none; it has its problem.
func (l *loader) profile(t, def *table) string {
	for _, in := range []*table{t, def} {
		if in == nil {
			continue
		}
		if _, ok := in.values["profile"]; ok {
			s, _ := in.raw("profile").(string)
			return s
		}
	}
	return ""
}

func (l *loader) checkProfile(t *table) {
	if _, ok := t.values["profile"]; !ok || t.isBad("profile") {
		return
	}
	if s := l.profile(t, nil); s != "" && !slices.Contains(profiles, s) {
		l.complain(t, "profile", fmt.Sprintf("%q is no profile", s), fmt.Sprintf("use %q, or leave it out", httpsink.ProfileAppliance))
	}
}

// nameMax bounds a name, in characters.
const nameMax = 128

// name checks the name of a source or recipient.
func (l *loader) name(t *table, id identity) string {
	switch {
	case t.isBad("name"):
	case strings.TrimSpace(id.Name) == "":
		l.complain(t, "name", "is missing", "any text that tells it from the others")
	case utf8.RuneCountInString(id.Name) > nameMax:
		l.complain(t, "name", fmt.Sprintf("is longer than %d characters", nameMax), "")
	case strings.ContainsFunc(id.Name, unicode.IsControl):
		l.complain(t, "name", fmt.Sprintf("%q has a control character in it", id.Name), "")
	}
	return id.Name
}

// where says where something stands.
func where(t *table, at *place) string {
	if at == nil {
		return t.file.name
	}
	return fmt.Sprintf("%s:%d:%d", t.file.name, at.line, at.col)
}

// samePath reports whether two paths name the same file, by their text alone.
func samePath(a, b string) bool { return filepath.Clean(a) == filepath.Clean(b) }
