package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// rest makes a whole configuration of a row that is about something else.
const rest = `
[[sources.tail]]
name = "the source"
path = "/var/log/session.log"
format = "bg"
appliance_id = "support.example.com"
[[recipients.file]]
name = "the file"
path = "-"
`

type ruleTest struct {
	name, text string
	whole      bool     // text stands alone, without rest
	want       []string // the problems; none: it is right
}

func (tc *ruleTest) run(t *testing.T) {
	t.Helper()
	text := tc.text
	if !tc.whole {
		text += rest
	}
	c, ps := Parse("t.toml", []byte(text))
	got := texts(ps)
	if !slices.Equal(got, tc.want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(tc.want, "\n\t"))
	}
	refused := slices.ContainsFunc(ps, func(p Problem) bool { return !p.Warning })
	if (c == nil) != refused {
		t.Errorf("a Config: %v, in spite of %q", c != nil, got)
	}
}

func TestKeysAndTables(t *testing.T) {
	for _, tc := range []ruleTest{
		{name: "the least there can be", text: ""},
		{name: "everything of the general tables", text: "state_dir = '/s'\ninclude = []\n[log]\nlevel='debug'\nformat='json'\n[shutdown]\ngrace='1s'\n[spool]\nkeep='1h'\n[admin]\nlisten=''\n"},
		{name: "an unknown key of the top", text: "stat_dir = '/s'\n", want: []string{`t.toml:1:1: stat_dir: unknown key; did you mean "state_dir"?`}},
		{name: "an unknown key of a table", text: "[log]\n  levl = 'info'\n", want: []string{`t.toml:2:3: levl: unknown key; did you mean "level"?`}},
		{name: "nothing near", text: "[shutdown]\nwait = 1\n", want: []string{`t.toml:2:1: wait: unknown key; known here: grace`}},
		{name: "another case", text: "[Log]\n[log]\nLevel='info'\n", want: []string{
			`t.toml:1:1: Log: unknown key; did you mean "log"?`, `t.toml:3:1: Level: unknown key; did you mean "level"?`}},
		{name: "a misspelt array of tables", text: rest + "[[recipient.http]]\nname='a'\nurl='http://localhost/'\n", whole: true, want: []string{
			`t.toml:10:3: recipient: unknown key; did you mean "recipients"?`}},
		{name: "and no other recipient", text: "[[sources.tail]]\nname='s'\npath='/l'\nformat='bg'\nappliance_id='a'\n[[recipient.http]]\n", whole: true, want: []string{
			`t.toml:6:3: recipient: unknown key; did you mean "recipients"?`}},
		{name: "an unknown kind", text: "[[recipients.htttp]]\n[[sources.pipe]]\n[defaults.file]\n", want: []string{
			`t.toml:1:1: htttp: unknown key; did you mean "http"?`, `t.toml:2:1: pipe: unknown key; known here: tail, drop, http, socket, syslog, stdin`, `t.toml:3:1: file: unknown key; known here: http, email`}},
		{name: "a kind without its group", text: "[[email]]\n[[tail]]\n", want: []string{
			`t.toml:1:1: email: unknown key; did you mean [[recipients.email]]?`, `t.toml:2:1: tail: unknown key; did you mean [[sources.tail]]?`}},
		{name: "a key of the top under a table", text: rest + "state_dir = '/s'\n", whole: true, want: []string{`t.toml:10:1: state_dir: unknown key; it belongs before the first [table]`}},
		{name: "names that must be quoted to be shown", text: "[log]\n\"\" = 1\n\"a\\u001b[31m\" = 1\n\"a.b\" = 1\n", want: []string{
			`t.toml:2:1: "": unknown key; known here: level, format`, `t.toml:3:1: "a\x1b[31m": unknown key; known here: level, format`, `t.toml:4:1: "a.b": unknown key; known here: level, format`}},
		{name: "one table for many", text: "[recipients.http]\nname='a'\n", want: []string{`t.toml:1:1: recipients.http: is a table, not a list of tables; write [[recipients.http]]`}},
		{name: "many tables for one", text: "[[log]]\n[[smtp]]\n", want: []string{`t.toml:1:1: log: is a list of tables, not a table; write [log]`, `t.toml:2:1: smtp: is a list of tables, not a table; write [smtp]`}},
		{name: "a group as a list", text: "[[sources]]\nname='a'\n", want: []string{`t.toml:1:1: sources: is a list of tables, not a table; write [[sources.tail]]`}},
		{name: "a value for a table", text: "log = 'debug'\nrecipients = 5\nsources.tail = [1]\n", whole: true, want: []string{
			`t.toml:1:1: log: is text, not a table; write [log]`, `t.toml:2:1: recipients: is a number, not a table; write [[recipients.http]]`,
			`t.toml:3:1: sources.tail: is a list of other things than tables; write [[sources.tail]]`}},
		{name: "inline tables are tables", text: "log = {level = 'info'}\nrecipients.file = [{name='a', path='/a'}]\nsources.tail=[ {name='s', path='/l', format='bg', appliance_id='a', lin=1} ]\n", whole: true, want: []string{
			`t.toml:3:69: lin: unknown key`}},
	} {
		t.Run(tc.name, tc.run)
	}
}

func TestValues(t *testing.T) {
	for _, tc := range []ruleTest{
		{name: "text for a number", text: "[spool]\nmax_parked = '5'\n", want: []string{`t.toml:2:1: max_parked: is text, not a whole number; write 5, without quotes`}},
		{name: "a fraction for a number", text: "[spool]\nmax_parked = 1.5\n", want: []string{`t.toml:2:1: max_parked: is a fraction, not a whole number`}},
		{name: "a number for text", text: "[log]\nlevel = 3\n", want: []string{`t.toml:2:1: level: is a number, not text; write "3"`}},
		{name: "a list for text", text: "state_dir = ['/s']\n", want: []string{`t.toml:1:1: state_dir: is a list, not text`}},
		{name: "a date for text", text: "[log]\nlevel = 1979-05-27\n", want: []string{`t.toml:2:1: level: is a date, not text`}},
		{name: "text for true or false", text: rest + "require_external_key = 'true'\n", whole: true, want: []string{`t.toml:10:1: require_external_key: is text, not true or false; write it without quotes`}},
		{name: "a number for a duration", text: "[shutdown]\ngrace = 8\n", want: []string{`t.toml:2:1: grace: 8 has no unit; use "8s"`}},
		{name: "a duration without a unit", text: "[spool]\nkeep = '24'\n", want: []string{`t.toml:2:1: keep: "24" has no unit; use "24s"`}},
		{name: "a number for a size", text: "[spool]\nmax_bytes = 5\n", want: []string{`t.toml:2:1: max_bytes: 5 has no unit; use a string such as "5MiB", or "5B" for bytes`}},
		{name: "true for a list", text: rest + "events = true\n", whole: true, want: []string{`t.toml:10:1: events: not a list; use ["a", "b"] or "a, b"`}},
		{name: "entries of a table", text: "[[recipients.http]]\nname='a'\nurl='http://localhost/'\nheaders = { A = 'x', B = 5, \"C d\" = ['x'] }\n", want: []string{
			`t.toml:4:22: headers.B: is a number, not text; write "5"`, `t.toml:4:29: headers."C d": is a list, not text`}},
		{name: "text for a table", text: "[[recipients.http]]\nname='a'\nurl='http://localhost/'\nheaders = 'A: x'\n", want: []string{`t.toml:4:1: headers: is text, not a table`}},
		{name: "all of them at once, and no complaint twice", text: "[[recipients.http]]\nname = 5\nurl = 5\nmax_in_flight = 'x'\nretry_interval = 5\n", want: []string{
			`t.toml:2:1: name: is a number, not text; write "5"`, `t.toml:3:1: url: is a number, not text; write "5"`,
			`t.toml:4:1: max_in_flight: is text, not a whole number`, `t.toml:5:1: retry_interval: 5 has no unit; use "5s"`}},
		{name: "an unknown level and format", text: "[log]\nlevel = 'warning'\nformat = 'yaml'\n", want: []string{
			`t.toml:2:1: level: "warning" is unknown; use debug, info, warn or error`, `t.toml:3:1: format: "yaml" is unknown; use auto, json or console`}},
		{name: "a grace of days", text: "[shutdown]\ngrace = '2d'\n", want: []string{`t.toml:2:1: grace: 2d is too long; use 1h at most`}},
		{name: "an admin listener for everybody", text: "[admin]\nlisten = ':9180'\n", want: []string{
			`t.toml:2:1: warning: listen: whoever can reach this address can read status, metrics and the page: recipients with their URLs, the last errors, and what events say; and the token crosses the network unencrypted; listen on loopback, behind a proxy that ends TLS and knows who may, or be sure of the network`}},
		{name: "loopback by name", text: "[admin]\nlisten = 'localhost:0'\n"},
		{name: "an admin listener without a port", text: "[admin]\nlisten = '127.0.0.1'\n", want: []string{`t.toml:2:1: listen: "127.0.0.1" is no host:port; use one like "127.0.0.1:9180", or "" for none`}},
		{name: "an admin listener on a port too high", text: "[admin]\nlisten = '127.0.0.1:65536'\n", want: []string{`t.toml:2:1: listen: "65536" is no port; use one like "127.0.0.1:9180", or "" for none`}},
		{name: "a token in the file", text: "[admin]\ntoken = '0123456789abcdef'\n", want: []string{`t.toml:2:1: warning: token: a secret stands in this file; use token_file`}},
		{name: "a short token", text: "[admin]\ntoken = '0123456789abcde'\n", want: []string{`t.toml:2:1: warning: token: a secret stands in this file; use token_file`,
			`t.toml:2:1: token: the token is shorter than 16 characters; make one: openssl rand -hex 32`}},
		{name: "a token with a space", text: "[admin]\ntoken = '0123456789 abcdef'\n", want: []string{`t.toml:2:1: warning: token: a secret stands in this file; use token_file`,
			`t.toml:2:1: token: the token has a character in it that a header can't carry; make one: openssl rand -hex 32`}},
		{name: "two tokens", text: "[admin]\ntoken = '0123456789abcdef'\ntoken_env = 'T'\n", want: []string{`t.toml:2:1: token: is given more than once; use one of token_file, token_env and token`}},
		{name: "a token file that is not there", text: "[admin]\ntoken_file = '/none/token'\n", want: []string{`t.toml:2:1: token_file: open /none/token: no such file or directory`}},
		{name: "a source on the admin listener", text: "[[sources.http]]\nname='h'\nlisten='127.0.0.1:9180'\nformat='form'\nappliance_id='a'\n", want: []string{
			`t.toml:3:1: listen: is [admin] listen already, which is "127.0.0.1:9180" by default; each has its own`}},
		{name: "no state directory", text: "state_dir = ''\n", want: []string{`t.toml:1:1: state_dir: is empty; leave it out for /var/lib/tailpost`}},
		{name: "what the spool checks", text: "[spool]\nfsync = 'never'\n", want: []string{`t.toml:2:1: fsync: is neither "always" nor "interval"`}},
	} {
		t.Run(tc.name, tc.run)
	}
}

func TestSourcesAndRecipients(t *testing.T) {
	const file = "[[recipients.file]]\nname='f'\npath='-'\n"
	const tail = "[[sources.tail]]\nname='s'\npath='/l'\nformat='bg'\nappliance_id='a'\n"
	for _, tc := range []ruleTest{
		{name: "nothing at all", text: "", whole: true, want: []string{`t.toml:1:1: no source; add [[sources.tail]] with name, path and format`, `t.toml:1:1: no recipient; add [[recipients.http]] with name and url`}},
		{name: "no recipient", text: tail, whole: true, want: []string{`t.toml:1:1: no recipient; add [[recipients.http]] with name and url`}},
		{name: "no source", text: file, whole: true, want: []string{`t.toml:1:1: no source; add [[sources.tail]] with name, path and format`}},
		{name: "empty tables", text: "[[sources.tail]]\n[[recipients.http]]\n[[recipients.file]]\n", whole: true, want: []string{
			`t.toml:1:1: name: is missing; any text that tells it from the others`,
			`t.toml:1:1: path: is missing; name the log file to follow`,
			`t.toml:1:1: format: is missing; it says how the lines are to be read`,
			`t.toml:1:1: warning: appliance_id: is missing: lines that name no appliance give events without one; name the appliance as its receivers know it`,
			`t.toml:2:1: name: is missing; any text that tells it from the others`,
			`t.toml:2:1: url: is missing; use one like "https://example.com/events"`,
			`t.toml:3:1: name: is missing; any text that tells it from the others`,
			`t.toml:3:1: path: is missing; name a file, or "-" for standard output`}},
		{name: "a source without appliance_id", text: file + "[[sources.stdin]]\nname='i'\nformat='json'\n", whole: true, want: []string{
			`t.toml:4:1: warning: appliance_id: is missing: lines that name no appliance give events without one; name the appliance as its receivers know it`}},
		{name: "siem without a time zone", text: file + "[[sources.stdin]]\nname='i'\nformat='siem'\nappliance_id='a'\n", whole: true, want: []string{
			`t.toml:4:1: warning: timezone: is missing, and siem lines have no zone: UTC is used; name the appliance's, such as "Europe/Berlin", or "UTC"`}},
		{name: "siem with a time zone", text: file + "[[sources.stdin]]\nname='i'\nformat='siem'\ntimezone='Europe/Berlin'\nappliance_id='a'\n", whole: true},
		{name: "a custom field that the event has", text: file + "[[sources.stdin]]\nname='i'\nformat='json'\nappliance_id='a'\ncustom_fields=['mine', 'lsid']\n", whole: true, want: []string{
			`t.toml:8:24: custom_fields: custom field "lsid": the event has a field of that name; name another one`}},
		{name: "lines that may not fit", text: file + "[spool]\nmax_bytes='1MiB'\n[[sources.stdin]]\nname='i'\nformat='json'\nappliance_id='a'\n", whole: true, want: []string{
			`t.toml:5:1: max_bytes: 1MiB may not take a line of 1MiB, which is max_line where a source sets none; use 14MiB at least, or set max_line to 62KiB at most in each source`}},
		{name: "a spool that takes no line at all", text: file + "[spool]\nmax_bytes='1KiB'\n[[sources.stdin]]\nname='i'\nformat='json'\nappliance_id='a'\n", whole: true, want: []string{
			`t.toml:5:1: max_bytes: 1KiB is too little; use 1MiB at least`,
			`t.toml:5:1: max_bytes: 1KiB may not take a line of 1MiB, which is max_line where a source sets none; use 14MiB at least`}},
		{name: "written lines that may not fit", text: file + "[spool]\nmax_bytes='1MiB'\n[[sources.stdin]]\nname='i'\nformat='json'\nappliance_id='a'\nmax_line='1MiB'\n", whole: true, want: []string{
			`t.toml:10:1: max_line: a line of 1MiB may not fit into the spool, whose max_bytes is 1MiB; use 62KiB at most, or max_bytes = "14MiB" at least`}},
		{name: "lines that no spool would take", text: file + "[[sources.stdin]]\nname='i'\nformat='json'\nappliance_id='a'\nmax_line='7000000TiB'\n", whole: true, want: []string{
			`t.toml:8:1: max_line: 7000000TiB is out of range; use 1KiB to 64MiB`}},
		{name: "room for the usual lines", text: file + "[spool]\nmax_bytes='14MiB'\n[[sources.stdin]]\nname='i'\nformat='json'\nappliance_id='a'\n", whole: true},
		{name: "a little less", text: file + "[spool]\nmax_bytes='13MiB'\n[[sources.stdin]]\nname='i'\nformat='json'\nappliance_id='a'\n", whole: true, want: []string{
			`t.toml:5:1: max_bytes: 13MiB may not take a line of 1MiB, which is max_line where a source sets none; use 14MiB at least, or set max_line to 1020KiB at most in each source`}},
		{name: "a time zone that is none", text: file + "[[sources.stdin]]\nname='i'\nformat='siem'\ntimezone='Mars/Olympus'\nappliance_id='a'\n", whole: true, want: []string{
			`t.toml:7:1: timezone: "Mars/Olympus" is no time zone; use an IANA name such as "Europe/Berlin", or "Local"`}},
		{name: "a format that is none", text: file + "[[sources.stdin]]\nname='i'\nformat='jsn'\nappliance_id='a'\n", whole: true, want: []string{
			`t.toml:6:1: format: "jsn" is unknown; did you mean "json"?`}},
		{name: "patterns", text: file + "[[sources.stdin]]\nname='i'\nformat='regex'\nunmatched='quarantine'\nappliance_id='a'\ncustom_fields='mine'\npattern=['(?P<event>x, y) (?P<mine>.*)', '(?P<event>z)']\n", whole: true},
		{name: "regex without a pattern", text: file + "[[sources.stdin]]\nname='i'\nformat='regex'\nappliance_id='a'\n", whole: true, want: []string{
			`t.toml:4:1: pattern: is missing; give a line's shape with named groups, such as '(?P<timestamp>\d+) (?P<event>\w+) (?P<lsid>\w+).*'`}},
		{name: "patterns that are none", text: file + "[[sources.stdin]]\nname='i'\nformat='regex'\nunmatched='drop'\nappliance_id='a'\npattern=['(?P<event>x)', '(?P<event>x', 'x']\n", whole: true, want: []string{
			`t.toml:7:1: unmatched: "drop" is unknown; use ignore or quarantine`,
			"t.toml:9:26: pattern: missing closing ): \"(?P<event>x\"",
			`t.toml:9:41: pattern: no named group, such as (?P<event>...)`}},
		{name: "a pattern for another format", text: file + "[[sources.stdin]]\nname='i'\nformat='json'\nappliance_id='a'\npattern='(?P<event>x)'\nunmatched='ignore'\n", whole: true, want: []string{
			`t.toml:8:1: pattern: only format regex has it; leave it out, or set format = "regex"`,
			`t.toml:9:1: unmatched: only format regex has it; leave it out, or set format = "regex"`}},
		{name: "dropped files", text: "[[sources.drop]]\nname='d'\ndir='in'\nformat='json'\nappliance_id='a'\nmatch='*.jsonl'\ndone='keep'\n[[sources.drop]]\nname='e'\ndir='in'\nformat='json'\nappliance_id='a'\nmatch='*.json'\n"},
		{name: "dropped files, wrongly", text: "[[sources.drop]]\nname='d'\nformat='json'\nappliance_id='a'\nmatch='a/*'\ndone='mov'\n[[sources.drop]]\nname='e'\ndir='/in'\nmatch='['\nformat='json'\nappliance_id='a'\nmax_line='1B'\n", want: []string{
			`t.toml:1:1: dir: is missing; name the directory where files are dropped`,
			`t.toml:5:1: match: "a/*" has a slash in it; files of dir itself are read, none below it`,
			`t.toml:6:1: done: "mov" is unknown; did you mean "move"?`,
			`t.toml:10:1: match: "[" is no pattern of names; use one like "*.json"`,
			`t.toml:13:1: max_line: 1B is out of range; use 1KiB to 64MiB`}},
		{name: "dropped files taken twice", text: "[[sources.drop]]\nname='d'\ndir='/in'\nformat='json'\nappliance_id='a'\n[[sources.drop]]\nname='e'\ndir='/in/'\nformat='json'\nappliance_id='a'\n", want: []string{
			`t.toml:8:1: dir: the source in t.toml:1:1 takes these files already; give them another dir or match`}},
		{name: "a recipient writes where files are dropped", text: "[[sources.drop]]\nname='d'\ndir='/in'\nformat='json'\nappliance_id='a'\n[[recipients.file]]\nname='o'\npath='/in/out'\n", want: []string{
			`t.toml:8:1: path: the source in t.toml:1:1 reads this directory: what is written comes in again; write another file`}},
		{name: "events by POST", text: "[[sources.http]]\nname='h'\nlisten='127.0.0.1:1'\nformat='form'\nappliance_id='a'\nallow='127.0.0.1, 10.0.0.0/8'\nmax_line='64KiB'\n"},
		{name: "lines by POST", text: "[[sources.http]]\nname='h'\nlisten='127.0.0.1:1'\nformat='bg'\nappliance_id='a'\npath='x'\nallow=['127.0.0.1', 'x']\n", want: []string{
			`t.toml:4:1: format: "bg" is for lines; a request's body is "form" or "json"`,
			`t.toml:6:1: path: "x" is no path of a URL; use one like "/events"`,
			`t.toml:7:21: allow: "x" is neither an address nor a network; use one like "192.0.2.7" or "192.0.2.0/24"`}},
		{name: "a socket with all its keys", text: "[[sources.socket]]\nname='s'\npath='s.sock'\nkind='stream'\nformat='json'\nappliance_id='a'\nmode='0600'\ngroup='0'\nallow_uid=[0, 1000]\nack=true\nmax_line='64KiB'\n"},
		{name: "what is wrong with a socket", text: "[[sources.socket]]\nname='s'\npath='s.sock'\nkind='dgram'\nformat='json'\nappliance_id='a'\nmode=660\nallow_uid=[0, 'root']\nack='yes'\n", want: []string{
			`t.toml:4:1: kind: "dgram" is neither "stream" nor "datagram"; a stream slows its senders down, and can acknowledge`,
			`t.toml:7:1: mode: is a number, not text; write "660"`,
			`t.toml:8:15: allow_uid: "root" is no user id; use 0`,
			`t.toml:9:1: ack: is text, not true or false; write it without quotes`}},
		{name: "syslog", text: "[[sources.syslog]]\nname='s'\nlisten='udp://:514'\nformat='bg'\nappliance_id='a'\n[[sources.syslog]]\nname='t'\nlisten='tcp://:514'\nformat='bg'\nappliance_id='a'\n"},
		{name: "what is wrong with syslog", text: "[[sources.syslog]]\nname='s'\nlisten='tls://:6514'\nformat='bg'\nappliance_id='a'\n[[sources.syslog]]\nname='t'\nlisten='upd://:514'\nformat='bg'\nappliance_id='a'\n", want: []string{
			`t.toml:1:1: cert_file: is missing; tls:// needs cert_file and key_file, as PEM`,
			`t.toml:1:1: key_file: is missing; tls:// needs cert_file and key_file, as PEM`,
			`t.toml:8:1: listen: "upd://" is unknown; did you mean udp://?`}},
		{name: "two of other kinds that listen on one address", text: "[[sources.http]]\nname='h'\nlisten='127.0.0.1:1'\nformat='form'\nappliance_id='a'\n[[sources.syslog]]\nname='i'\nlisten='tcp://127.0.0.1:1'\nformat='bg'\nappliance_id='a'\n", want: []string{
			`t.toml:8:1: listen: the source in t.toml:1:1 listens there already; each has its own`}},
		{name: "two sockets with one path", text: "[[sources.socket]]\nname='s'\npath='/s'\nformat='json'\nappliance_id='a'\n[[sources.socket]]\nname='t'\npath='//s'\nformat='json'\nappliance_id='a'\n", want: []string{
			`t.toml:8:1: path: the source in t.toml:1:1 listens there already; each has its own`}},
		{name: "two that listen on one address", text: "[[sources.http]]\nname='h'\nlisten='127.0.0.1:1'\nformat='form'\nappliance_id='a'\n[[sources.http]]\nname='i'\nlisten='127.0.0.1:1'\nformat='form'\nappliance_id='a'\n", want: []string{
			`t.toml:8:1: listen: the source in t.toml:1:1 listens there already; each has its own`}},
		{name: "two that read standard input", text: file + "[[sources.stdin]]\nname='i'\nformat='json'\nappliance_id='a'\n[[sources.stdin]]\nname='j'\nformat='json'\nappliance_id='a'\n", whole: true, want: []string{
			`t.toml:8:1: sources.stdin: standard input has one reader only; the first stands in t.toml:4:1`}},
		{name: "two sources of one name, of two kinds", text: file + tail + "[[sources.stdin]]\nname='s'\nformat='json'\nappliance_id='a'\n", whole: true, want: []string{
			`t.toml:10:1: name: "s" is the name of the source in t.toml:4:1 already; each has its own`}},
		{name: "three recipients of one name, of two kinds", text: "[[recipients.http]]\nname='the file'\nurl='http://localhost/'\n[[recipients.http]]\nurl='http://localhost/'\nname='the file'\n", want: []string{
			`t.toml:6:1: name: "the file" is the name of the recipient in t.toml:1:1 already; each has its own`,
			`t.toml:14:1: name: "the file" is the name of the recipient in t.toml:1:1 already; each has its own`}},
		{name: "a source and a recipient may share a name", text: "[[recipients.http]]\nname='the source'\nurl='http://localhost/'\n"},
		{name: "names in other scripts, with blanks", text: "[[recipients.http]]\nname='Störung 障害 / #1'\nurl='http://localhost/'\n"},
		{name: "a name of 128 characters", text: "[[recipients.http]]\nname='" + strings.Repeat("é", 128) + "'\nurl='http://localhost/'\n"},
		{name: "a name of 129", text: "[[recipients.http]]\nname='" + strings.Repeat("é", 129) + "'\nurl='http://localhost/'\n", want: []string{`t.toml:2:1: name: is longer than 128 characters`}},
		{name: "a name of blanks", text: "[[recipients.http]]\nname='  '\nurl='http://localhost/'\n", want: []string{`t.toml:2:1: name: is missing; any text that tells it from the others`}},
		{name: "a name with a line end", text: "[[recipients.http]]\nname=\"a\\nb\"\nurl='http://localhost/'\n", want: []string{`t.toml:2:1: name: "a\nb" has a control character in it`}},
		{name: "an event that is none", text: rest + "events = 'login, support_conference_stop'\n", whole: true, want: []string{
			`t.toml:10:1: events: "support_conference_stop" is no session event; did you mean "support_conference_end"?`}},
		{name: "a profile that is none", text: "[[recipients.http]]\nname='a'\nurl='http://localhost/'\nprofile='Appliance'\n", want: []string{`t.toml:4:1: profile: "Appliance" is no profile; use "appliance", or leave it out`}},
		{name: "a profile that is no text", text: "[[recipients.http]]\nname='a'\nurl='http://localhost/'\nprofile=true\n", want: []string{`t.toml:4:1: profile: is true or false, not text`}},
		{name: "mail without a relay", text: "[[recipients.email]]\nname='a'\naddress='a@example.com'\n", want: []string{`t.toml:1:1: recipients.email: there is no mail relay; add [smtp] with host and from`}},
		{name: "mail with a relay", text: "[smtp]\nhost='smtp.example.com'\nfrom='t@example.com'\n[[recipients.email]]\nname='a'\naddress='a@example.com'\n"},
		{name: "mail with half a relay", text: "[smtp]\nfrom='t@example.com'\n[[recipients.email]]\nname='a'\naddress='a@example.com'\n", want: []string{
			`t.toml:1:1: host: is missing; name the mail server, such as "smtp.example.com"`}},
		{name: "a misspelt relay is one mistake", text: "[stmp]\nhost='smtp.example.com'\n[[recipients.email]]\nname='a'\naddress='a@example.com'\n", want: []string{`t.toml:1:1: stmp: unknown key; did you mean "smtp"?`}},
		{name: "two recipients of one file", text: "[[recipients.file]]\nname='a'\npath='/tmp/x'\n[[recipients.file]]\nname='b'\npath='/tmp/./y/../x'\n", want: []string{
			`t.toml:6:1: path: the recipient in t.toml:1:1 writes this file already; each has its own`}},
		{name: "two sources of one file", text: tail, want: nil},
		{name: "two sources of one file, the same", text: rest + "[[sources.tail]]\nname='b'\npath='/var/log/../log/session.log'\nformat='json'\nappliance_id='a'\n", whole: true, want: []string{
			`t.toml:12:1: warning: path: the source in t.toml:2:1 reads this file too; each of its events is sent twice, under two ids`}},
		{name: "many recipients of one file", text: "[[recipients.file]]\nname='a'\npath='/tmp/x'\n" + repeated(99, "[[recipients.file]]\nname='b%d'\npath='/tmp/x'\n"), want: []string{
			`t.toml:6:1: path: the recipient in t.toml:1:1 writes this file already (so in 98 more places, the last one t.toml:300:1); each has its own`}},
		{name: "many name a file that is missing", text: repeated(100, "[[recipients.http]]\nname='b%d'\nurl='https://localhost/'\nca_file='/none/ca.pem'\n"), want: []string{
			`t.toml:4:1: ca_file: open /none/ca.pem: no such file or directory (so in 99 more places, the last one t.toml:400:1)`}},
		{name: "three of a kind are listed", text: repeated(3, "[[recipients.http]]\nname='b%d'\nurl='https://localhost/'\norder='x'\n"), want: []string{
			`t.toml:4:1: order: "x" is no order; use strict, session or none`, `t.toml:8:1: order: "x" is no order; use strict, session or none`, `t.toml:12:1: order: "x" is no order; use strict, session or none`}},
		{name: "a bad default is one problem", text: "[defaults.http]\norder='x'\n" + repeated(100, "[[recipients.http]]\nname='b%d'\nurl='https://localhost/'\n"), want: []string{
			`t.toml:2:1: order: "x" is no order; use strict, session or none`}},
		{name: "strict, and several at once", text: "[[recipients.http]]\nname='a'\nurl='http://localhost/'\norder='strict'\nmax_in_flight=4\n", want: []string{
			`t.toml:5:1: warning: max_in_flight: is ignored: with order = "strict" there is one attempt at once; leave it out, or set order = "session"`}},
		{name: "strict by its profile", text: "[[recipients.http]]\nname='a'\nurl='http://localhost/'\nprofile='appliance'\nmax_in_flight=4\n", want: []string{
			`t.toml:5:1: warning: max_in_flight: is ignored: with order = "strict" there is one attempt at once; leave it out, or set order = "session"`}},
		{name: "strict, and one at once", text: "[[recipients.http]]\nname='a'\nurl='http://localhost/'\norder='strict'\nmax_in_flight=1\n"},
		{name: "several at once by default, and one is strict", text: "[defaults.http]\nmax_in_flight=4\n[[recipients.http]]\nname='a'\nurl='http://localhost/'\norder='strict'\n"},
		{name: "both by default", text: "[defaults.http]\nmax_in_flight=4\norder='strict'\n" + repeated(2, "[[recipients.http]]\nname='b%d'\nurl='http://localhost/'\n"), want: []string{
			`t.toml:2:1: warning: max_in_flight: is ignored: with order = "strict" there is one attempt at once; leave it out, or set order = "session"`}},
		{name: "a longest wait, and the waits are fixed", text: "[[recipients.http]]\nname='a'\nurl='http://localhost/'\nmax_retry_interval='10m'\n", want: []string{
			`t.toml:4:1: warning: max_retry_interval: is ignored: with retry_backoff = "fixed", as it is by default, each wait is retry_interval; leave it out, or set retry_backoff = "exponential"`}},
		{name: "a wait over the longest that holds by default", text: "[[recipients.http]]\nname='a'\nurl='http://localhost/'\nretry_interval='2h'\nretry_backoff='exponential'\n", want: []string{
			`t.toml:4:1: retry_interval: 2h is longer than max_retry_interval, which is 1h unless it is set; set max_retry_interval, too, to 2h at least`}},
		{name: "a wait over the longest", text: "[[recipients.http]]\nname='a'\nurl='http://localhost/'\nretry_interval='2h'\nretry_backoff='exponential'\nmax_retry_interval='90m'\n", want: []string{
			`t.toml:6:1: max_retry_interval: 1h30m is shorter than retry_interval, 2h`}},
		{name: "a wait over all the time there is by default", text: "[[recipients.http]]\nname='a'\nurl='http://localhost/'\nretry_interval='2d'\n", want: []string{
			`t.toml:4:1: retry_interval: 2d is longer than retry_duration, which is 1d unless it is set; set retry_duration, too, to several times as much`}},
		{name: "a recipient writes what a source reads", text: "[[recipients.file]]\nname='a'\npath='/var/log/session.log'\n", want: []string{
			`t.toml:3:1: path: the source in t.toml:5:1 reads this file: what is written comes in again; write another file`}},
	} {
		t.Run(tc.name, tc.run)
	}
}

// repeated gives a text so often, each with its number.
func repeated(n int, text string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, text, i)
	}
	return b.String()
}
