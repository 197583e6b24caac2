// Package httpsink hands events to an HTTP recipient: one POST a delivery, as
// the appliance itself sends it (a form), as canonical JSON, as a CloudEvent or
// as a text of the configuration's.
//
// It makes one attempt and says in a bridge.DeliveryError whose fault a
// failure is; when to try again is dispatch's. Only an attempt whose
// connection could not be made is repeated here, twice, within seconds: a
// request that was sent may have been taken.
//
// An attempt takes no longer than its timeout, whatever the receiver does. A
// status is an answer: once it has come the body is read for a moment, for the
// connection's and the reader's sake, and then given up.
//
// HTTP/1.1 is spoken, with a connection of its own for each delivery under
// way, kept alive: over HTTP/2 one lost connection would be the loss of all
// deliveries under way. The proxy is the environment's, or the configuration's.
//
// A URL is shown without its query, and no secret stands in an error, a
// receipt or a log line, not even where the receiver sends it back.
package httpsink
