// Package trial runs the real program for tests: built as they need it, on a
// directory of its own, started, killed and started again. No product code
// imports it.
package trial
