// Package docs holds the project's documentation, and the tests that keep it
// true.
package docs
