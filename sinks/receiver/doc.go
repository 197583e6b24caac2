// Package receiver is the other end: an HTTP and an SMTP server that take
// events and show them. It stands behind `tailpost receive`, the demo and the
// tests of the sinks.
//
// It is for trying things out, on loopback: it takes from whoever can reach
// it. All that it reads is bounded in size, time and number. It can be told to
// refuse, for a while or until told otherwise.
package receiver
