package httpsink

// IsPublic is isPublic, for tests from outside.
var IsPublic = isPublic
