// Package torture holds one test that kills the bridge again and again while
// its logs are written and rotated and its receivers fail, and an oracle that
// judges what arrived.
//
// The oracle knows nothing of Tailpost's code. It writes the lines, so it knows
// what each event must look like; it moves, copies, truncates and deletes the
// files, so it knows which bytes were taken away before anyone can be shown to
// have read them; and it is the receivers, so it knows what they took and when
// they answered. The test has the build tag torture and is run by
// "make torture"; the judge has a test of its own without it.
package torture
