package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/parsers"
)

// Check reports what is wrong with [log].
func (g *Log) Check(string) (ps []option.Problem) {
	ps = append(ps, oneOf("level", g.Level, logLevels...)...)
	return append(ps, oneOf("format", g.Format, logFormats...)...)
}

// Check reports what is wrong with [shutdown].
func (s *Shutdown) Check(string) []option.Problem {
	if s.Grace > graceMax {
		return []option.Problem{{Key: "grace", Text: s.Grace.String() + " is too long", Hint: "use 1h at most"}}
	}
	return nil
}

// oneOf checks a setting that has a few values.
func oneOf(key, value string, known ...string) []option.Problem {
	if slices.Contains(known, value) {
		return nil
	}
	hint := "use " + strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1]
	if near := option.Nearest(value, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return []option.Problem{{Key: key, Text: fmt.Sprintf("%q is unknown", value), Hint: hint}}
}

// checkIngest adds what only someone who knows the parsers can see.
func (l *loader) checkIngest(t *table, o *ingest.Options) {
	ps := o.Check(t.file.dir)
	if o.Format != "" {
		ps = append(ps, oneOf("format", o.Format, parsers.Formats()...)...)
	}
	for i, name := range o.CustomFields {
		if _, err := parsers.New(parsers.Options{Format: parsers.Formats()[0], CustomFields: []string{name}}); err != nil {
			ps = append(ps, option.Problem{Key: "custom_fields", Item: i + 1, Text: err.Error()})
		}
	}
	ps = append(ps, checkPatterns(o)...)
	if o.Format == "siem" && o.Timezone == "" {
		ps = append(ps, option.Problem{Key: "timezone", Text: "is missing, and siem lines have no zone: UTC is used",
			Hint: `name the appliance's, such as "Europe/Berlin", or "UTC"`, Warning: true})
	}
	if o.ApplianceID == "" {
		ps = append(ps, option.Problem{Key: "appliance_id", Text: "is missing: lines that name no appliance give events without one",
			Hint: "name the appliance as its receivers know it", Warning: true})
	}
	l.owned(t, nil, ps)
}

// checkPatterns looks at what only format regex has.
func checkPatterns(o *ingest.Options) (ps []option.Problem) {
	if o.Format != parsers.FormatRegex {
		const text, hint = "only format regex has it", `leave it out, or set format = "regex"`
		if o.Pattern != nil {
			ps = append(ps, option.Problem{Key: "pattern", Text: text, Hint: hint})
		}
		if o.Unmatched != "" {
			ps = append(ps, option.Problem{Key: "unmatched", Text: text, Hint: hint})
		}
		return ps
	}
	if len(o.Pattern) == 0 {
		ps = append(ps, option.Problem{Key: "pattern", Text: "is missing", Hint: `give a line's shape with named groups, such as '(?P<timestamp>\d+) (?P<event>\w+) (?P<lsid>\w+).*'`})
	}
	for i, p := range o.Pattern {
		_, err := parsers.New(parsers.Options{Format: parsers.FormatRegex, CustomFields: o.CustomFields, Patterns: []string{p}})
		if err != nil {
			ps = append(ps, option.Problem{Key: "pattern", Item: i + 1, Text: strings.TrimPrefix(err.Error(), "pattern: ")})
		}
	}
	if n := len(o.Pattern); n > parsers.PatternsMax {
		ps = append(ps, option.Problem{Key: "pattern", Text: fmt.Sprintf("has %d patterns; %d are allowed", n, parsers.PatternsMax)})
	}
	if o.Unmatched != "" {
		ps = append(ps, oneOf("unmatched", o.Unmatched, unmatched...)...)
	}
	return ps
}

// rules checks what no single table can see.
func (l *loader) rules(c *Config) {
	l.uniqueNames("source", "sources.tail", "sources.drop", "sources.http", "sources.socket", "sources.syslog", "sources.stdin")
	l.uniqueNames("recipient", "recipients.http", "recipients.email", "recipients.file")
	l.pathRules(c)
	l.dropRules(c)
	l.listenRules(c)
	l.lineRules(c)
	for _, t := range l.tables["sources.stdin"][min(1, len(c.Stdins)):] {
		l.complain(t, "", "standard input has one reader only", "the first stands in "+where(l.one("sources.stdin"), l.one("sources.stdin").at))
	}
	if l.partial {
		return // what is missing may stand in what was not understood
	}
	l.contactRules(c)
	if c.SMTP == nil {
		for _, t := range l.tables["recipients.email"] {
			l.complain(t, "", "there is no mail relay", "add [smtp] with host and from")
		}
	}
	if len(c.Tails)+len(c.Drops)+len(c.HTTPIns)+len(c.Sockets)+len(c.Syslogs)+len(c.Stdins) == 0 {
		l.missing("no source", "add [[sources.tail]] with name, path and format")
	}
	if len(c.HTTP)+len(c.Email)+len(c.File) == 0 {
		l.missing("no recipient", "add [[recipients.http]] with name and url")
	}
}

// dropRules looks for directories whose files two would take, or that would be
// fed with what comes out of them.
func (l *loader) dropRules(c *Config) {
	tables := l.tables["sources.drop"]
	for i, s := range c.Drops {
		for j, other := range c.Drops[:i] {
			if s.Drop.Dir != "" && samePath(s.Drop.Dir, other.Drop.Dir) && s.Drop.Match == other.Drop.Match {
				l.complain(tables[i], "dir", fmt.Sprintf("the source in %s takes these files already", where(tables[j], tables[j].at)), "give them another dir or match")
				break
			}
		}
		for j, r := range c.File {
			if r.Sink.Path != "" && samePath(s.Drop.Dir, filepath.Dir(r.Sink.Path)) && s.Drop.Takes(filepath.Base(r.Sink.Path)) {
				l.complain(l.tables["recipients.file"][j], "path", fmt.Sprintf("the source in %s reads this directory: what is written comes in again", where(tables[i], tables[i].at)), "write another file")
			}
		}
	}
}

// listenRules looks for addresses, and sockets, that two listen on.
func (l *loader) listenRules(c *Config) {
	first := map[string]*table{}
	check := func(t *table, key, address string) {
		if address == "tcp://"+c.Admin.Listen {
			l.complain(t, key, fmt.Sprintf("is [admin] listen already, which is %q by default", admin.DefaultListen), "each has its own")
			return
		}
		if other := first[address]; other != nil {
			l.complain(t, key, fmt.Sprintf("the source in %s listens there already", where(other, other.at)), "each has its own")
			return
		}
		first[address] = t
	}
	for i, s := range c.HTTPIns {
		if s.HTTP.Listen != "" && !strings.HasSuffix(s.HTTP.Listen, ":0") {
			check(l.tables["sources.http"][i], "listen", "tcp://"+s.HTTP.Listen)
		}
	}
	for i, s := range c.Syslogs {
		if a := s.Syslog.Listen; a != "" && !strings.HasSuffix(a, ":0") {
			if addr, ok := strings.CutPrefix(a, "tls://"); ok {
				a = "tcp://" + addr
			}
			check(l.tables["sources.syslog"][i], "listen", a)
		}
	}
	for i, s := range c.Sockets {
		if s.Socket.Path != "" {
			check(l.tables["sources.socket"][i], "path", "unix:"+filepath.Clean(s.Socket.Path))
		}
	}
}

// missing complains that the files as a whole lack something.
func (l *loader) missing(text, hint string) {
	main := l.files[0].top
	l.complainAt(main, main.at, "", text, hint)
}

// uniqueNames complains about each name that stands in the tables before.
func (l *loader) uniqueNames(what string, tables ...string) {
	first := map[string]*table{}
	for _, t := range l.inOrder(tables) {
		name, ok := t.raw("name").(string)
		if !ok || name == "" {
			continue
		}
		if other := first[name]; other != nil {
			l.complain(t, "name", fmt.Sprintf("%q is the name of the %s in %s already", name, what, where(other, other.at)), "each has its own")
			continue
		}
		first[name] = t
	}
}

// inOrder gives the tables of several kinds in the order of the files and of
// their lines.
func (l *loader) inOrder(names []string) (out []*table) {
	for _, n := range names {
		out = append(out, l.tables[n]...)
	}
	slices.SortStableFunc(out, func(a, b *table) int {
		if d := slices.Index(l.files, a.file) - slices.Index(l.files, b.file); d != 0 {
			return d
		}
		return a.at.line - b.at.line
	})
	return out
}

// longestLine gives how long a line may be for the spool to take its event for
// sure, in bytes.
func (c *Config) longestLine() int64 {
	const escaped, besides = 6, 64 << 10
	return (c.Spool.RecordMost() - besides) / escaped
}

// lineMost is the largest max_line that a source takes, in bytes. The source
// itself complains of a larger one.
const lineMost = 64 << 20

// spoolFor gives the least max_bytes that is sure to take lines of that length,
// lineMost at most, in whole MiB.
func spoolFor(line option.Size) option.Size {
	const step = 1 << 20
	c := Config{Spool: spool.Options{MaxBytes: step}}
	for c.longestLine() < int64(line) {
		c.Spool.MaxBytes += step
	}
	return c.Spool.MaxBytes
}

// lineRules holds each source's longest line against what the spool takes: as
// an event it can be six times as long, when every byte of it is escaped. It
// complains about what was written: of a source that has the default, about
// max_bytes.
func (l *loader) lineRules(c *Config) {
	most := c.longestLine()
	check := func(t *table, key option.Size) {
		if int64(key) <= most || key > lineMost {
			return
		}
		least, room := spoolFor(key), option.Size(max(0, most)&^1023)
		if sp := l.one("spool"); sp != nil && sp.find("max_bytes") != nil && t.find("max_line") == nil {
			hint := fmt.Sprintf("use %v at least", least)
			if room > 0 {
				hint += fmt.Sprintf(", or set max_line to %v at most in each source", room)
			}
			l.owned(sp, nil, []option.Problem{{Key: "max_bytes",
				Text: fmt.Sprintf("%v may not take a line of %v, which is max_line where a source sets none", c.Spool.MaxBytes, key), Hint: hint}})
			return
		}
		hint := fmt.Sprintf("use max_bytes = %q at least", least)
		if room > 0 {
			hint = fmt.Sprintf("use %v at most, or max_bytes = %q at least", room, least)
		}
		l.owned(t, nil, []option.Problem{{Key: "max_line",
			Text: fmt.Sprintf("a line of %v may not fit into the spool, whose max_bytes is %v", key, c.Spool.MaxBytes), Hint: hint}})
	}
	for i, s := range c.Tails {
		check(l.tables["sources.tail"][i], s.Tail.MaxLine)
	}
	for i, s := range c.Drops {
		check(l.tables["sources.drop"][i], s.Drop.MaxLine)
	}
	for i, s := range c.HTTPIns {
		check(l.tables["sources.http"][i], s.HTTP.MaxLine)
	}
	for i, s := range c.Sockets {
		check(l.tables["sources.socket"][i], s.Socket.MaxLine)
	}
	for i, s := range c.Syslogs {
		check(l.tables["sources.syslog"][i], s.Syslog.MaxLine)
	}
	for i, s := range c.Stdins {
		check(l.tables["sources.stdin"][i], s.Stdin.MaxLine)
	}
}

// pathRules looks for files that are read or written twice, or that would be
// fed with what comes out of them.
func (l *loader) pathRules(c *Config) {
	tails, files := l.tables["sources.tail"], l.tables["recipients.file"]
	for i, s := range c.Tails {
		for j, other := range c.Tails[:i] {
			if s.Tail.Path != "" && samePath(s.Tail.Path, other.Tail.Path) {
				l.owned(tails[i], nil, []option.Problem{{Key: "path", Warning: true,
					Text: fmt.Sprintf("the source in %s reads this file too", where(tails[j], tails[j].at)),
					Hint: "each of its events is sent twice, under two ids"}})
				break // one is enough: a hundred would be said five thousand times
			}
		}
	}
	for i, r := range c.File {
		for j, other := range c.File[:i] {
			if r.Sink.Path != "" && samePath(r.Sink.Path, other.Sink.Path) {
				l.complain(files[i], "path", fmt.Sprintf("the recipient in %s writes this file already", where(files[j], files[j].at)), "each has its own")
				break
			}
		}
		for j, s := range c.Tails {
			if r.Sink.Path != "" && samePath(r.Sink.Path, s.Tail.Path) {
				l.complain(files[i], "path", fmt.Sprintf("the source in %s reads this file: what is written comes in again", where(tails[j], tails[j].at)), "write another file")
				break
			}
		}
	}
}
