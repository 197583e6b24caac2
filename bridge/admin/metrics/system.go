package metrics

import (
	"runtime"
	"strings"

	"github.com/tailpost/tailpost/bridge/status"
)

func ofBridge() []series {
	return []series{
		values("build_info", Gauge, "Always 1; which version runs", []string{"version", "goversion"}, func(s *status.Snapshot, to emitter) {
			to(1, strings.ToValidUTF8(s.Version, "�"), runtime.Version())
		}),
		one("ready", Gauge, "1 if data can flow, as /readyz says", func(s *status.Snapshot) float64 { return bit(s.Ready) }),
		one("not_ready_reasons", Gauge, "Why data can't flow, as /readyz says: how many reasons", func(s *status.Snapshot) float64 { return float64(len(s.NotReady)) }),
		values("needs", Gauge, "What needs a person, as tailpost status says: grave ones (something is lost, or stands still), and those that are late", []string{"severity"}, needs),
		one("configuration_applied_timestamp_seconds", Gauge, "When the configuration that runs came into force", func(s *status.Snapshot) float64 { return at(s.Configuration.Applied) }),
		one("configuration_refused", Gauge, "1 if what the files say is refused, and the one before runs on", func(s *status.Snapshot) float64 { return bit(!s.Configuration.Refused.IsZero()) }),
		one("configuration_restart_keys", Gauge, "Keys that have changed and take a restart", func(s *status.Snapshot) float64 { return float64(len(s.Configuration.Restart)) }),
		one("configuration_warnings", Gauge, "Warnings of tailpost check", func(s *status.Snapshot) float64 { return float64(len(s.Configuration.Warnings)) }),
		one("balance_fits", Gauge, "1 if the sums of lines and events fit", func(s *status.Snapshot) float64 { return bit(s.Balance.Fits) }),
		one("balance_checked_timestamp_seconds", Gauge, "When they were last looked at; 0: not yet", func(s *status.Snapshot) float64 { return at(s.Balance.Checked) }),
		one("alerts", Gauge, "Alerts that last", func(s *status.Snapshot) float64 { return alerts(s, func(a status.Alert) bool { return a.Lasts }) }),
		one("alerts_not_sent", Gauge, "Alerts that some way failed to tell of", func(s *status.Snapshot) float64 {
			return alerts(s, func(a status.Alert) bool { return len(a.NotSent) > 0 })
		}),
		one("relay_failing", Gauge, "1 if the mail server did not take the last mail", func(s *status.Snapshot) float64 {
			return bit(s.Relay != nil && !s.Relay.OK && !s.Relay.At.IsZero())
		}),
		one("history_attempts_total", Counter, "Attempts that were kept for why since the start", func(s *status.Snapshot) float64 { return float64(s.History.Kept) }),
		one("history_dropped_attempts_total", Counter, "Attempts that found no room there", func(s *status.Snapshot) float64 { return float64(s.History.Dropped) }),
		one("history_failing", Gauge, "1 if they can't be written", func(s *status.Snapshot) float64 { return bit(s.History.Failing != "") }),
	}
}

func needs(s *status.Snapshot, to emitter) {
	grave := 0
	for _, n := range s.Needs {
		if n.Grave {
			grave++
		}
	}
	to(float64(grave), "grave")
	to(float64(len(s.Needs)-grave), "late")
}

func alerts(s *status.Snapshot, which func(status.Alert) bool) (n float64) {
	for _, a := range s.Alerts {
		if which(a) {
			n++
		}
	}
	return n
}

// ofDisk gives no value while the file system can't be asked: a rule that
// compares would take it for a full disk.
func ofDisk(of func(status.Spool) int64) func(*status.Snapshot, emitter) {
	return func(s *status.Snapshot, to emitter) {
		if s.Spool.Free >= 0 {
			to(float64(of(s.Spool)))
		}
	}
}

func ofSpool() []series {
	return []series{
		spool("bytes", Gauge, "Segments and journal", func(s status.Spool) float64 { return float64(s.Bytes) }),
		spool("wanted_bytes", Gauge, "Of them, what can't be deleted yet, with what is taken in advance", func(s status.Spool) float64 { return float64(s.Wanted) }),
		spool("held_bytes", Gauge, "Of those, what events hold that a recipient wants; 0: nothing waits", func(s status.Spool) float64 { return float64(s.Held) }),
		spool("max_bytes", Gauge, "What they may become: max_bytes", func(s status.Spool) float64 { return float64(s.MaxBytes) }),
		values("spool_free_bytes", Gauge, "Free on its file system; none while that can't be asked", nil, ofDisk(func(s status.Spool) int64 { return s.Free })),
		values("spool_min_free_bytes", Gauge, "What must stay free: min_free; none while the file system can't be asked", nil, ofDisk(func(s status.Spool) int64 { return s.MinFree })),
		spool("segments", Gauge, "Segments on disk", func(s status.Spool) float64 { return float64(s.Segments) }),
		spool("parked_events", Gauge, "Parked events over all recipients", func(s status.Spool) float64 { return float64(s.Parked) }),
		spool("full", Gauge, "1 if no lines are taken, though the disk is sound", func(s status.Spool) float64 { return bit(s.Full != "") }),
		spool("failing", Gauge, "1 if nothing can be written", func(s status.Spool) float64 { return bit(s.Failing != "") }),
		spool("journal_failing", Gauge, "1 if outcomes can't be recorded", func(s status.Spool) float64 { return bit(s.JournalFailing != "") }),
		spool("damaged_ranges_total", Counter, "Stretches that could not be read since the start", func(s status.Spool) float64 { return float64(s.DamagedRanges) }),
		spool("damaged_bytes_total", Counter, "Bytes of them", func(s status.Spool) float64 { return float64(s.DamagedBytes) }),
		spool("dead_bytes", Gauge, "Dead letters on disk", func(s status.Spool) float64 { return float64(s.DeadBytes) }),
		spool("quarantine_bytes", Gauge, "Quarantined lines whose segments are gone", func(s status.Spool) float64 { return float64(s.LineBytes) }),
		spool("expired_files_total", Counter, "Files of dead letters and lines that were too old, or too many, since the start", func(s status.Spool) float64 { return float64(s.Expired) }),
	}
}

func spool(name string, t Type, help string, of func(status.Spool) float64) series {
	return one("spool_"+name, t, help, func(s *status.Snapshot) float64 { return of(s.Spool) })
}
