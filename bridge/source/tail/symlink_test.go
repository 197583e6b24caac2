package tail

import (
	"os"
	"testing"
)

// point moves the link app.log to the file, as ln -sfn does it: by a rename.
func (r *rig) point(to string) {
	r.t.Helper()
	if err := os.Symlink(to, r.file("link")); err != nil {
		r.t.Fatal(err)
	}
	r.rename("link", "app.log")
}

func TestSymlinkSwitch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		targets [3]string
	}{
		{name: "beside it, dated", targets: [3]string{"app-2026-01-29.log", "app-2026-01-30.log", "app-2026-01-31.log"}},
		{name: "numbers elsewhere", targets: [3]string{"d/0.log", "d/1.log", "d/2.log"}},
		{name: "dated elsewhere", targets: [3]string{"d/x20260129", "d/x20260130", "d/x20260131"}},
	} {
		for _, down := range []string{"running", "down", "twice while down"} {
			t.Run(tc.name+"/"+down, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, func(o *Options) { o.Start = StartEnd })
				if err := os.Mkdir(r.file("d"), 0o755); err != nil {
					t.Fatal(err)
				}
				all := numbered(0, 500)
				r.write(tc.targets[0], text("old"))
				r.point(tc.targets[0])
				r.start()
				r.wantSeen()
				r.write(tc.targets[0], text(all[:100]...))
				r.want(all[:100]...)
				if down != "running" {
					r.halt()
				}
				r.write(tc.targets[0], text(all[100:200]...))
				r.write(tc.targets[1], text(all[200:300]...))
				r.point(tc.targets[1])
				next := all[:300]
				if down == "twice while down" {
					r.write(tc.targets[2], text(all[300:400]...))
					r.point(tc.targets[2])
					next = all[:400]
				}
				if down != "running" {
					r.start()
				}
				r.want(next...)
				r.write("app.log", text(all[len(next):]...)) // through the link
				r.want(all...)
				r.restart()
				r.quiet()
				r.wantNoLoss()
			})
		}
	}
}

// The file that the link leads to is rotated itself.
func TestRotatedBehindTheLink(t *testing.T) {
	t.Parallel()
	for _, down := range []bool{false, true} {
		r := newRig(t)
		if err := os.Mkdir(r.file("d"), 0o755); err != nil {
			t.Fatal(err)
		}
		r.write("d/real.log", text("a"))
		r.point("d/real.log")
		r.start()
		r.want("a")
		if down {
			r.halt()
		}
		r.write("d/real.log", text("b"))
		r.rename("d/real.log", "d/real.log.2")
		r.write("d/real.log.1", text("c"))
		r.write("d/real.log", text("d"))
		if down {
			r.start()
		}
		r.want("a", "b", "c", "d")
		r.quiet()
		r.wantNoLoss()
		r.halt()
	}
}

// Other logs beside the one that the link leads to are none of ours.
func TestStrangersBehindTheLink(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := os.Mkdir(r.file("d"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.write("d/app1.log", text("a"))
	r.point("d/app1.log")
	r.start()
	r.want("a")
	r.write("d/app2.log", text("stranger"))
	r.write("d/other-20260101.log", text("stranger"))
	r.quiet()
	r.restart()
	r.quiet()
}
