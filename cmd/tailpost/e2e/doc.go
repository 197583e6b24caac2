// Package e2e holds the tests that run the built program against real parts:
// PHP's form parser, a mail server from Debian's packages, processes that are
// killed, memory as the kernel counts it. They carry the build tag e2e and
// run by "make e2e", which installs the parts (.ci/e2e-packages). A part that
// is missing is a failure, never a skip.
package e2e
