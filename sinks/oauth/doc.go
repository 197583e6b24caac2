// Package oauth gets tokens by OAuth 2.0 client credentials (RFC 6749, 4.4),
// for the sinks that log in with them.
//
// A token is kept until shortly before it expires and fetched once, however
// many goroutines ask for it meanwhile. Who is refused with one drops it, and
// the next to ask gets another. Nothing is fetched before it is asked for, and
// no goroutine outlives a call.
//
// A fetch is bounded in time and in what it reads, follows no redirect, and
// tells no secret: an error shows the server's error code and its words, in
// which what we sent is blotted out.
package oauth
