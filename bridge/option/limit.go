package option

// Limit is what a key takes of the values of its type. The owner's Check holds
// values against the same constants and lists; the reference and the schema
// are made of these.
//
// The check may know more: whether a file is there, what goes with other keys.
// It never takes what a limit excludes.
type Limit struct {
	Kind     string   // what the values are, where the type doesn't say it: "URL", "path"
	Required bool     // the table is nothing without it
	OneOf    []string // all that there is
	OrNone   bool     // "" is taken as well, or a duration of 0: none
	// Of a number, of a duration in nanoseconds, of a size in bytes. 0: there is
	// no bound.
	Least, Most int64
	// What a text, or each entry of a list, looks like from its first character
	// to its last, in what RE2 and ECMA 262 have in common.
	Pattern string
	Length  int // the longest text, in characters; 0: there is no bound
	Entries int // the longest list; 0: there is no bound
}

// Limits are those of a table, by key.
type Limits map[string]Limit

// OneOf is the limit of a text that is one of a few.
func OneOf(values ...string) Limit { return Limit{OneOf: values} }

// Between is the limit of a number, a Duration or a Size.
func Between[N ~int | ~int64](least, most N) Limit {
	return Limit{Least: int64(least), Most: int64(most)}
}

// AtLeast is Between without an upper bound.
func AtLeast[N ~int | ~int64](least N) Limit { return Limit{Least: int64(least)} }

// OrNone gives the limit that takes no value, too.
func OrNone(l Limit) Limit {
	l.OrNone = true
	return l
}

// Kind is the limit that only has a name.
func Kind(name string) Limit { return Limit{Kind: name} }

// WebURL is the limit of a URL that begins with http:// or https://.
func WebURL() Limit {
	return Limit{Kind: "URL", Pattern: `[hH][tT][tT][pP][sS]?://.*`}
}

// MailAddresses is the limit of what CheckAddresses checks.
func MailAddresses() Limit {
	return Limit{Kind: "addresses", Pattern: `.*@.*`, Entries: AddressesMax}
}
