package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"

	"github.com/tailpost/tailpost/bridge/status"
)

// ErrNotRunning says that nobody listens on the control socket.
var ErrNotRunning = errors.New("no bridge runs in this state directory")

// Client asks the bridge that runs in a state directory. Its errors are
// *Error, as the bridge's Actions gave them, or wrap ErrNotRunning.
type Client struct {
	dir      string
	http     *http.Client
	patience clientPatience
}

var _ Actions = (*Client)(nil)

// NewClient makes a Client. It connects when it is first used.
func NewClient(stateDir string) *Client {
	return &Client{dir: stateDir, patience: defaultPatience, http: &http.Client{
		Timeout: askMost,
		Transport: &http.Transport{
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, stateDir) },
			DisableKeepAlives: true,
		},
	}}
}

// Running reports whether a bridge listens in a state directory.
func Running(ctx context.Context, stateDir string) bool {
	c, err := dial(ctx, stateDir)
	if err != nil {
		return false
	}
	_ = c.Close() // nothing was said
	return true
}

// ReplayDead is Actions'.
func (c *Client) ReplayDead(ctx context.Context, which Letters) (Report, error) {
	return c.ask(ctx, pathReplayDead, which)
}

// DropDead is Actions'.
func (c *Client) DropDead(ctx context.Context, which Letters) (Report, error) {
	return c.ask(ctx, pathDropDead, which)
}

// ReplayLines is Actions'.
func (c *Client) ReplayLines(ctx context.Context, which Lines) (Report, error) {
	return c.ask(ctx, pathReplayLines, which)
}

// Pause is Actions'.
func (c *Client) Pause(ctx context.Context, recipient string, paused bool) (Report, error) {
	path := pathResume
	if paused {
		path = pathPause
	}
	return c.ask(ctx, path, name{recipient})
}

// Forget is Actions'.
func (c *Client) Forget(ctx context.Context, recipient string) (Report, error) {
	return c.ask(ctx, pathForget, name{recipient})
}

// Status gives how the bridge fares.
func (c *Client) Status(ctx context.Context) (*status.Snapshot, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.patience.status, c.silent("did not say how it fares within %v", c.patience.status))
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://control"+pathStatus, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	s, err := readStatus(resp)
	if err != nil && context.Cause(ctx) != nil {
		return nil, c.unreachable(ctx, err)
	}
	return s, err
}

// StatusAt gives how the bridge fares that listens at an address over TCP. Whose
// that is the snapshot tells.
func StatusAt(ctx context.Context, address string) (*status.Snapshot, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+apiPrefix+pathStatus, nil)
	if err != nil {
		return nil, err
	}
	resp, err := direct.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return readStatus(resp)
}

func readStatus(resp *http.Response) (*status.Snapshot, error) {
	var got struct {
		status.Snapshot
		Error *Error `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, snapshotMost)).Decode(&got); err != nil {
		return nil, Errorf(Failed, "the bridge's answer, %s, can't be read: %v", resp.Status, err)
	}
	if got.Error != nil {
		return nil, got.Error
	}
	return &got.Snapshot, nil
}

func (c *Client) ask(ctx context.Context, path string, body any) (Report, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return Report{}, err
	}
	ctx, stop := c.whileItLives(ctx)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control"+path, bytes.NewReader(b))
	if err != nil {
		return Report{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(r)
	if err != nil {
		return Report{}, c.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(io.LimitReader(resp.Body, answerMost)).Decode(&a); err != nil {
		return Report{}, Errorf(Failed, "the bridge's answer, %s, can't be read: %v", resp.Status, err)
	}
	var report Report
	if a.Report != nil {
		report = *a.Report
	}
	if a.Error != nil {
		return report, a.Error
	}
	return report, nil
}

// unreachable says why there was no answer to what ran under ctx.
func (c *Client) unreachable(ctx context.Context, err error) error {
	var opErr *net.OpError
	dialled := errors.As(err, &opErr) && opErr.Op == "dial"
	late := (*Error)(nil)
	switch {
	case errors.As(context.Cause(ctx), &late):
		return late
	case errors.Is(err, context.Canceled):
		return err
	case dialled && errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", c.dir, ErrNotRunning)
	case errors.Is(err, fs.ErrPermission):
		return Errorf(Failed, "the control socket in %s: %v; run this as the bridge's user", c.dir, errors.Unwrap(err))
	}
	return Errorf(Failed, "ask the running bridge: %v", err)
}
