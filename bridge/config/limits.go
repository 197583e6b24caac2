package config

import (
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/parsers"
	"github.com/tailpost/tailpost/sinks/httpsink"
)

// What the keys of no other owner take.
var (
	logLevels   = []string{"debug", "info", "warn", "error"}
	logFormats  = []string{"auto", "json", "console"}
	profiles    = []string{httpsink.ProfileAppliance}
	unmatched   = []string{parsers.UnmatchedIgnore, parsers.UnmatchedQuarantine}
	bodyFormats = []string{"form", "json"} // of a request's body
)

// Limits gives what the keys take.
func (*Log) Limits() option.Limits {
	return option.Limits{"level": option.OneOf(logLevels...), "format": option.OneOf(logFormats...)}
}

// Limits gives what the keys take.
func (*Shutdown) Limits() option.Limits {
	return option.Limits{"grace": option.Between(0, graceMax)}
}

// Limits gives what the keys take.
func (*general) Limits() option.Limits {
	return option.Limits{"state_dir": {Kind: "path", Pattern: `[\s\S]+`}, "include": {Kind: "paths"}}
}

// Limits gives what the keys take.
func (*identity) Limits() option.Limits {
	return option.Limits{"name": {Required: true, Pattern: `[\s\S]*\S[\s\S]*`, Length: nameMax}}
}

// Limits gives what the keys take.
func (h *httpIdentity) Limits() option.Limits {
	l := h.identity.Limits()
	l["profile"] = option.OrNone(option.OneOf(profiles...))
	return l
}

// limitsHere are those that only who knows the parsers can say.
func limitsHere(table string, l option.Limits) {
	if _, ok := l["silent_after"]; !ok { // no source
		return
	}
	format := l["format"]
	format.OneOf = parsers.Formats()
	if table == "sources.http" {
		format.OneOf = bodyFormats
	}
	l["format"] = format
	l["pattern"] = option.Limit{Entries: parsers.PatternsMax}
	l["unmatched"] = option.OrNone(option.OneOf(unmatched...))
}
