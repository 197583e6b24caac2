package admin

import (
	"context"
	"fmt"
	"time"
)

// askMost bounds what is asked of a bridge that lives: many letters take their
// time.
const askMost = time.Hour

// clientPatience is how long a Client waits for a bridge that says nothing: it
// hangs, or is stopped.
type clientPatience struct {
	status time.Duration // for a snapshot: longer than a Pulse takes to say that the bridge hangs
	quiet  time.Duration // between two looks whether it lives, while it does something
	silent time.Duration // it may leave one of them without an answer for so long
	hangs  time.Duration // it may say for so long that it hangs
}

var defaultPatience = clientPatience{status: pulseMost + time.Second, quiet: 3 * time.Second, silent: 15 * time.Second, hangs: time.Minute}

// whileItLives gives a context for something that may take long. It ends where
// the bridge gives no sign of life any longer: an action says nothing until it
// is done.
func (c *Client) whileItLives(ctx context.Context) (lives context.Context, stop context.CancelFunc) {
	lives, end := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.watch(lives, end)
	}()
	return lives, func() {
		end(nil)
		<-done
	}
}

// watch asks again and again whether the bridge lives, and calls end once it has
// not answered for too long, or has said for long that it hangs.
func (c *Client) watch(ctx context.Context, end context.CancelCauseFunc) {
	for answered, well := time.Now(), time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(c.patience.quiet):
		}
		look, cancel := context.WithDeadline(ctx, answered.Add(c.patience.silent))
		err := c.Health(look, false)
		silent := look.Err() != nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case silent:
			end(c.silent("has not done what was asked, though it may do it yet, and has not answered for %v", c.patience.silent))
			return
		case err != nil && time.Since(well) >= c.patience.hangs:
			end(Errorf(Failed, "the bridge in %s has not done what was asked, though it may do it yet. For %v it has said: %v", c.dir, c.patience.hangs, err))
			return
		case err == nil:
			well = time.Now()
		}
		answered = time.Now()
	}
}

// silent is the error of a bridge that didn't answer; what says in words, with
// the time, what was waited for.
func (c *Client) silent(what string, waited time.Duration) error {
	return Errorf(Failed, "the bridge in %s %s: it hangs, or is stopped. Its log and systemctl status tailpost say more; "+
		"where it stays so, restart it: nothing that was accepted is lost", c.dir, fmt.Sprintf(what, waited))
}
