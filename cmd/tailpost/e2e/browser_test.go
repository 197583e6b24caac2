//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// browser is a real one, Debian's Chromium, without a window.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// newBrowser starts one for a test. It has a profile of its own, and asks
// nobody but the addresses that it is led to.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	profile, err := os.MkdirTemp("", "tailpost-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile), chromedp.WindowSize(1440, 1000),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), opts...)
	ctx, close := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		close()
		cancel()
		os.RemoveAll(profile)
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return &browser{t, ctx}
}

// tab is one page of it. What its console says fails the test.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu   sync.Mutex
	said []string
}

// open opens a tab of the size in CSS pixels on the page of a bridge.
func (b *browser) open(base string, width, height int64) *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	ctx, end := context.WithTimeout(ctx, 2*time.Minute)
	b.t.Cleanup(func() { end(); cancel() })
	// The tab lives as long as the context of the first run.
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatal(err)
	}
	tb := &tab{t: b.t, ctx: ctx, base: base}
	tb.do(chromedp.EmulateViewport(width, height))
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			tb.mu.Lock()
			tb.said = append(tb.said, fmt.Sprintf("%s (%s %s)", m, m.Source, m.URL))
			tb.mu.Unlock()
		}
	}()
	return tb
}

// quiet fails the test if the console has said anything: an error of the
// script, a breach of the content security policy. It forgets it.
func (tb *tab) quiet() {
	tb.t.Helper()
	tb.mu.Lock()
	defer tb.mu.Unlock()
	for _, s := range tb.said {
		tb.t.Errorf("the console says: %s", s)
	}
	tb.said = nil
}

// notices shows that quiet would notice: the page does what its policy forbids,
// and its script fails.
func (tb *tab) notices() {
	tb.t.Helper()
	eval[bool](tb, `(() => {
		document.head.append(Object.assign(document.createElement("style"), {textContent: "body { color: red }"}));
		setTimeout(() => { throw new Error("on purpose"); });
		return true;
	})()`)
	eventually(tb.t, timeToArrive, "two complaints on the console", func() bool {
		tb.mu.Lock()
		defer tb.mu.Unlock()
		all := strings.Join(tb.said, "\n")
		return strings.Contains(all, "Content Security Policy") && strings.Contains(all, "on purpose")
	})
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.said = nil
}

func (tb *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, timeToArrive)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		tb.t.Fatal(err)
	}
}

func (tb *tab) goTo(path string) {
	tb.t.Helper()
	tb.do(chromedp.Navigate(tb.base + path))
}

// follow clicks what leads to another page, and waits for that.
func (tb *tab) follow(selector string) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, timeToArrive)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		tb.t.Fatalf("click %s: %v\n%s", selector, err, tb.text("body"))
	}
}

// text gives what a person reads in an element; "": there is none.
func (tb *tab) text(selector string) string {
	tb.t.Helper()
	s, err := chromedp.Run(tb.ctx, chromedp.Evaluate[string](fmt.Sprintf("(document.querySelector(%q) || {innerText: ''}).innerText", selector)))
	if err != nil {
		tb.t.Fatal(err)
	}
	return strings.Join(strings.Fields(s), " ")
}

// says waits until an element says all of these.
func (tb *tab) says(selector string, want ...string) {
	tb.t.Helper()
	missing := ""
	defer func() {
		if missing != "" {
			tb.t.Logf("%s doesn't say %q: %s", selector, missing, tb.text(selector))
		}
	}()
	eventually(tb.t, timeToArrive, "said", func() bool {
		got := tb.text(selector)
		for _, missing = range want {
			if !strings.Contains(got, missing) {
				return false
			}
		}
		missing = ""
		return true
	})
}

// eval gives the value of an expression.
func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	v, err := chromedp.Run(tb.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		tb.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// dark chooses the colours that the page is asked for.
func (tb *tab) dark(on bool) {
	tb.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	_, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		tb.t.Fatal(err)
	}
}

// scripts lets pages that are loaded from now on run theirs, or not.
func (tb *tab) scripts(on bool) {
	tb.t.Helper()
	_, err := chromedp.Call(tb.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	if err != nil {
		tb.t.Fatal(err)
	}
}

// fits fails the test if the page is wider than its window: nobody should have
// to scroll it sideways.
func (tb *tab) fits() {
	tb.t.Helper()
	if over := eval[int](tb, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
		tb.t.Errorf("the page is %d pixels too wide", over)
	}
}

// shot keeps a picture of the whole page among the artefacts.
func (tb *tab) shot(name string) {
	tb.t.Helper()
	b, err := chromedp.Run(tb.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		tb.t.Fatal(err)
	}
	dir := os.Getenv("TAILPOST_ARTEFACTS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "artefacts")
	}
	if err := os.MkdirAll(filepath.Join(dir, "page"), 0o755); err != nil {
		tb.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "page", name+".png"), b, 0o644); err != nil {
		tb.t.Fatal(err)
	}
}
