package notify

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// monotonic gives the time of the clock that systemd goes by.
func monotonic() (time.Duration, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0, fmt.Errorf("read the monotonic clock: %w", err)
	}
	return time.Duration(now.Nano()), nil
}
