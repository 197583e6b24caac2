// Package httpin takes events by POST, as the appliance's own outbound event
// or a webhook sends them.
//
// One body is one record. 200 is said once it is durable and never before;
// while the spool has no room the answer is 503 with Retry-After, and the
// sender's next try does no harm: the id of a body's events is a hash of the
// body and of the sender's own id (the header webhook-id), so that a repeated
// POST has the same id. What a parser can't read is durable too, in
// quarantine: it is answered with 200, since a repeat would not help.
//
// Everything is bounded: connections, headers, bodies, their memory, and the
// time that each step may take. What is refused was not taken: the status says
// why, and it is counted.
//
// The server speaks HTTP without TLS. Across a network that isn't trusted, put
// a proxy before it that ends TLS.
package httpin
