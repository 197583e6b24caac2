// Package config reads the configuration: TOML files become a checked Config,
// or a list of all problems at once, each with its file, line and column.
//
// Each package owns the struct, the defaults and the checks of its part; this
// one knows which tables there are, where each key stands, and the rules that
// no single owner can see: names are unique, mail needs a relay, a recipient's
// file is no source's log. What it gives has been checked completely: nothing
// in it can still be refused for what the file says. It opens the secret and
// certificate files that the settings name, and changes nothing.
//
// Keys are exact. The library would match them without regard to case and pass
// over unknown ones; here both are errors with a did-you-mean.
package config
