// Package admin is the way by which a running bridge is told to do something,
// and asked how it fares: the control socket in the state directory, and its
// client.
//
// The Listener serves the same over TCP, with health, metrics and the page.
// There reading is open to whoever reaches it, and what changes something needs
// the token of [admin], or a session that was begun with it: the Guard decides.
//
// The socket, too, speaks HTTP with JSON and has mode 0600 from its first moment;
// who may write in the state directory's files may use it, nobody else. What
// it can do, the package asks of its Actions, which app implements; Client has
// the same methods, so that a command says the same whether a bridge runs or
// not.
//
// Requests are bounded in size and in the time they may take to come in, and
// there are so many connections at most. An action itself may take long: it
// ends when its client goes away, or the bridge stops, and what it has done by
// then stays done.
package admin
