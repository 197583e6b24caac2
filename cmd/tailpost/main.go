// Command tailpost tells HTTP and email recipients what happens in the
// sessions of a remote-support appliance.
package main

import (
	_ "time/tzdata" // zone names work where the system has none

	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Exit codes.
const (
	exitClean  = 0
	exitFailed = 1 // the work failed; parse: a line was quarantined
	exitUsage  = 2 // wrong arguments or configuration: a person is needed
)

func main() {
	crashBySignal()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main with its effects as values.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := untilSignal(stderr)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitClean
	}
	var coded *codedError
	if !errors.As(err, &coded) {
		// Not from one of our commands: cobra says what is wrong with the call.
		complain(stderr, reworded(err))
		return exitUsage
	}
	if coded.err != nil {
		complain(stderr, coded.err)
	}
	return coded.code
}

// exclusive is what cobra says of two flags that exclude each other.
var exclusive = regexp.MustCompile(`^if any flags in the group \[(\S+) (\S+)\] are set`)

func reworded(err error) error {
	if m := exclusive.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("--%s and --%s exclude each other: use one of them", m[1], m[2])
	}
	return err
}

// complain prints an error, which may tell what came from outside: a line for
// each of those that were joined.
func complain(stderr io.Writer, err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(stderr, "tailpost: %s\n", printable(line))
	}
}

// codedError is an error that ends the program with a code. Without a cause
// all has been said already.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *codedError) Unwrap() error { return e.err }

func failed(err error) error { return &codedError{exitFailed, err} }
func usage(err error) error  { return &codedError{exitUsage, err} }

// oneSignal is how close together two signals count as one.
const oneSignal = 100 * time.Millisecond

// untilSignal gives a context that ends at SIGTERM or SIGINT. A second signal
// ends the program at once: what is settled is on disk already.
func untilSignal(stderr io.Writer) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		var first time.Time
		select {
		case <-signals:
			first = time.Now()
			cancel()
		case <-ctx.Done():
			return
		}
		// Some programs signal us and our process group: that is one signal.
		sig := <-signals
		for time.Since(first) < oneSignal {
			sig = <-signals
		}
		fmt.Fprintf(stderr, "tailpost: %v again: stopping at once\n", sig)
		os.Exit(exitFailed)
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}
