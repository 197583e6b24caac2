// Package page is the status page: what a bridge does, as people look at it in
// a browser, and the few things that they may change there.
//
// It shows a status.Snapshot, and what Reader finds in the state directory:
// dead letters, the last events, why, attempts. Each such look is bounded in
// time and in what it gives, and so many run at once at most; where one stopped
// early the page says so, and which command goes through all.
//
// Without JavaScript it reads whole and all of its forms work. With it, the
// parts that changed come as server-sent events (GET /live): each stream has a
// deadline for each write, there are so many of them at most, and they end
// with their request's context, which ends with the bridge.
//
// All texts may be hostile: a name, an error, a key. html/template escapes
// them for their place; text bounds them before, and shows what can't be seen
// as an escape. Nothing is taken from anywhere else: style, script and icon are
// embedded, and there is no inline style or script, so that the strictest
// content security policy holds.
//
// Who may change something is for the Guard to say. What changes is changed by
// POST alone, which answers with a redirect to where the outcome is told.
package page
