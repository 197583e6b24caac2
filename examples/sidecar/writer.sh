#!/bin/sh
# Stands for the program that writes the log, and rotates it: two sessions.
cd "$(dirname "$0")" || exit 1
for lsid in e9e99aeb 0c1d2e3f; do
	for event in begin end; do
		echo "{\"event\":\"support_conference_$event\",\"timestamp\":$(date +%s),\"lsid\":\"$lsid\"}" >>shared/session.log
	done
	mv shared/session.log "shared/session.log.$lsid"
done
