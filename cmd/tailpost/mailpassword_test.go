package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tailpost/tailpost/sinks/receiver"
)

// TestRenewedMailPassword: a mail password that the server refuses kills
// nothing, and is shown nowhere; once its file holds the right one, what waits
// goes out, without a restart and without waiting for the next try.
func TestRenewedMailPassword(t *testing.T) {
	t.Parallel()
	const wrong, right = "wr0ng-s3cr3t", "r1ght-s3cr3t"
	var mails atomic.Int64
	r, err := receiver.New(receiver.Options{SMTPAddr: "127.0.0.1:0", NoTLS: true, Username: "u", Password: right, OnEvent: func(receiver.Received) { mails.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	_, port, err := net.SplitHostPort(r.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, fmt.Sprintf(`[smtp]
host = "127.0.0.1"
port = %s
security = "none"
username = "u"
password_file = "password"
from = "tailpost@example.com"
[[recipients.email]]
name = "desk"
address = "a@example.com"
retry_interval = "1h"
retry_duration = "2h"
`, port))
	file := filepath.Join(s.dir, "password")
	s.write(file, wrong+"\n")
	s.appendLines(3, func(n int) string { return fmt.Sprint("s", n) })
	p := s.run()
	wait(t, "the refusal of the password", func() bool { return strings.Contains(p.log.String(), "535") })
	s.write(file, right+"\n")
	wait(t, "the mails", func() bool { return mails.Load() == 3 })
	p.stop()
	if log := p.log.String(); strings.Contains(log, wrong) || strings.Contains(log, right) {
		t.Error("a password stands in the log")
	}
}
