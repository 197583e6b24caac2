package smtpsink

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

// messageID names the mail about an event, or a digest, to this recipient. Two
// recipients' mails about one event differ, so they are two mails to who is in
// both.
func (s *Sink) messageID(id bridge.ID) string {
	const nameBytes = 6
	sum := sha256.Sum256([]byte(s.o.Name))
	return id.String() + "." + hex.EncodeToString(sum[:nameBytes]) + "@" + s.relay.domain
}

// threadID names the thread that the mails about a session stand in, for this
// recipient: the mail that all of them refer to, though nobody ever sends it,
// so that the thread holds together whichever of them are wanted, and in
// whatever order they come. It is empty for an event without a session.
func (s *Sink) threadID(e *bridge.Event) string {
	const idBytes = 16
	if e.Session == "" {
		return ""
	}
	h := sha256.New()
	h.Write([]byte(s.o.Name))
	h.Write([]byte{0}) // stands in no name
	h.Write([]byte(e.Session))
	return "session." + hex.EncodeToString(h.Sum(nil)[:idBytes]) + "@" + s.relay.domain
}

// idDomain is what stands behind the @ of our ids: the sender's domain.
func idDomain(from string) string {
	if _, domain, _ := strings.Cut(wire(from), "@"); isASCII(domain) {
		return domain
	}
	return "tailpost.invalid"
}
