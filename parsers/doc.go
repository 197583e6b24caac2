// Package parsers reads the lines of a source and gives the events they hold,
// one file a format. Parsers are pure functions of bytes and their own small
// state; they don't log, and nothing in a line makes them fail otherwise than
// by an error, which sends the line to quarantine whole.
//
// # What a line becomes
//
//   - One of the seven session events: Parsed. It needs a session (lsid) and a
//     time; without them the line is an error.
//   - The reporting side's "External Key": Parsed, without an event. It sets
//     the key of the session's later events that have none.
//   - A part of a bg message: Open, until the last one comes. (See segments.)
//   - A line with a name of its own that is none of the seven: Raw, one event
//     whose fields stand in Extra. A raw event without a time of its own has
//     the time of reading.
//   - A line without an event: Ignored. Blank lines are; under a syslog header
//     so is what other daemons say.
//   - A name that begins with support_conference_ and is none of the seven, and
//     whatever can't be read: an error.
//
// A field that comes twice counts at its first place, because values are
// hostile (in JSON at its last, as encoding/json has it). A line has at most
// 1,000 fields. Empty fields are left out, but for custom fields. In a line
// that was cut at max_line the last field is left out, and line_cut in Extra
// says how many bytes are missing.
//
// # Which input becomes which field
//
// C: confirmed in a source; I: inferred; O: our own convention. Whatever is not
// named here goes to Extra by its own name. A JSON object under a bg line's
// header gives a raw event at most: it is Ignored where it has no name, or
// that of a session event, which any daemon behind the same relay could forge.
//
//	field            bg               siem                        json
//	event            event O          the sixth column C          event, event_type C
//	timestamp        when C, header C the first column C          timestamp C
//	version          version O        -                           version O
//	appliance_id     appliance_id O   -                           appliance_id C
//	lsid             lsid O           sessionId C                 lsid, session_id C
//	external_key     external_key O   externalKey C               external_key C
//	site             site C           deviceHost I                site O
//	site_id          the header C     -                           site_id O
//	conference_id    conference_id O  dstUid 1 I                  conference_id O
//	conference_name  conference_name O dstUser 1 I                conference_name O
//	name             name 2 O         srcUser 2 I                 name 2 I, performed_by.name 2 I
//	type             type 2 O         srcPriv 2 I                 type 2 I, performed_by.type 2 I
//	username         username O       username 3 C                username C
//	user_id          user_id O        user_id 3 C, srcUid 3 I,    user_id C
//	                                  dstUid 1 I
//	display_name     display_name O   confMemPrivName 3 I,        display_name O, private_name 2 I
//	                                  dstUser 1 I
//	gsnumber         gsnumber O       -                           gsnumber O
//	private_ip       private_ip O     private_ip 2 I,             private_ip C
//	                                  srcPrivAddr 2 I
//	public_ip        public_ip O      public_ip 2 C, srcAddr 2 4 I public_ip C
//	hostname         hostname O       hostname 2 I, srcHost 2 I   hostname C
//	os               os O             os 2 I, confMemOs 2 I       os C
//	survey           survey:ID:… O    -                           survey O
//	custom           custom:CODE O    -                           custom, custom_attributes O
//
// The numbers mean:
//
//	1: on owner changes: the queue, or the representative where dstPriv is
//	   "representative"
//	2: on member events only; elsewhere in Extra
//	3: on member events of a representative only
//	4: not where it is a mangled IPv6 address
//
// In siem, whose values are not escaped, externalKey only counts before the
// first field that people can write into (srcUser, dstUser, sessionOwner, msg):
// a display name must not move a session to another ticket.
//
// The fields of a json line's "data" count as if they stood beside it. A form
// body has the variables of the appliance's outbound event, survey_NAME
// answers, and custom fields for all the rest. In every format sender_id stays
// in Extra. "Unknown" counts as empty in names, addresses and operating
// systems.
package parsers
