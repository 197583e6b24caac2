// Package option is what settings are made of: durations, sizes, lists,
// secrets, and the problems that a check finds in them. It imports nothing of
// ours, so that every stage can own its part of the configuration.
//
// A package that owns settings has a struct with toml tags, a function that
// gives it with its defaults set, and a method
//
//	Check(dir string) []Problem
//
// that makes relative paths absolute against dir (the folder of the file that
// the settings stand in), reads secrets, and reports all problems at once.
package option
