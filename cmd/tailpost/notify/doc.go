// Package notify tells systemd how the bridge fares, by the protocol of
// sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names. Started
// otherwise there is no such socket, and nothing to do.
//
// READY=1 comes when data can come in, RELOADING=1 and READY=1 around a reload
// that SIGHUP asked for, STOPPING=1 when the bridge begins to stop, and STATUS=
// is one line for `systemctl status`. Where a watchdog is wanted (WATCHDOG_USEC),
// WATCHDOG=1 comes at half of its time, but only while the bridge's main loops
// turn and a snapshot of it can be had: of a bridge that hangs nothing comes, and
// systemd ends it.
//
// What can't be sent is logged when that changes. It stops nothing: systemd
// draws its own conclusions from silence.
package notify
