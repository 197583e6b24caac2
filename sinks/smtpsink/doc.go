// Package smtpsink hands events to an email recipient: one mail an event, or a
// digest of several, to up to ten addresses, through the one mail server that
// Relay knows.
//
// A mail is rendered whole before the first word to the server. Addresses that
// the server refuses are left out of the mail that the others get; those that
// took it are kept in the delivery's note and not mailed again. The same event
// to the same recipient always has the same Message-ID.
//
// STARTTLS, where it is asked for, is required: a server that doesn't offer it
// gets no mail. A password or a token goes over an encrypted connection or to
// this machine itself, never elsewhere.
//
// The mail library ignores the context once it is connected and reads answers
// without bound: the connection is ours, closed when the context ends, each
// step has a deadline, and all that a server may say about a mail is a mebibyte.
//
// A connection serves several mails. One that was kept and turns out to be dead
// is replaced, which is no failure as long as nothing of the mail was said.
package smtpsink
