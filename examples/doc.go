// Package examples holds configurations that work as they are, each in a
// folder with a sample log, and the test that runs them.
package examples
