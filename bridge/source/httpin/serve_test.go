package httpin

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/status"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// streamed hides a body's length, so that it is sent in chunks.
type streamed struct{ io.Reader }

func TestStatus(t *testing.T) {
	const form, ct = "application/x-www-form-urlencoded", "Content-Type"
	login := func(o *Options) { o.Username, o.Password = "ada", option.NewSecret("p w:ö") }
	json := func(o *Options) { o.Format = "json" }
	long := strings.Repeat("a", 2<<10)
	for _, tc := range []struct {
		name         string
		change       func(*Options)
		method, path string // default: POST /
		body         io.Reader
		header       []string
		want         int
		wantHeader   [2]string
	}{
		{name: "taken", header: []string{ct, form}, want: 200},
		{name: "without a type", want: 200},
		{name: "as text", header: []string{ct, "text/plain; charset=utf-8"}, want: 200},
		{name: "a type that can't be read", header: []string{ct, ";;"}, want: 200},
		{name: "in chunks", body: streamed{strings.NewReader("a=b")}, want: 200},
		{name: "a query is not looked at", path: "/?action=x", want: 200},
		{name: "nothing", body: strings.NewReader(""), want: 200},
		{name: "JSON sent as curl does", change: json, header: []string{ct, form}, want: 200},
		{name: "JSON", change: json, header: []string{ct, "application/json"}, want: 200},
		{name: "another JSON", change: json, header: []string{ct, "application/cloudevents+json"}, want: 200},
		{name: "JSON for a form", header: []string{ct, "application/json"}, want: 415},
		{name: "a form with files", header: []string{ct, "multipart/form-data; boundary=x"}, want: 415},
		{name: "an image", change: json, header: []string{ct, "image/png"}, want: 415},
		{name: "XML", header: []string{ct, "application/soap+xml"}, want: 415},
		{name: "compressed", header: []string{"Content-Encoding", "gzip"}, want: 415},
		{name: "encoded by name only", header: []string{"Content-Encoding", "identity"}, want: 200},
		{name: "another path", path: "/other", want: 404},
		{name: "below the path", path: "/a", want: 404},
		{name: "its own path", change: func(o *Options) { o.Path = "/in" }, path: "/in", want: 200},
		{name: "GET", method: "GET", want: 405, wantHeader: [2]string{"Allow", "POST"}},
		{name: "PUT", method: "PUT", want: 405, wantHeader: [2]string{"Allow", "POST"}},
		{name: "from elsewhere", change: func(o *Options) { o.Allow = option.List{"192.0.2.0/24"} }, want: 403},
		{name: "from here", change: func(o *Options) { o.Allow = option.List{"192.0.2.0/24", "127.0.0.0/8"} }, want: 200},
		{name: "no password", change: login, want: 401, wantHeader: [2]string{"Www-Authenticate", `Basic realm="events", charset="UTF-8"`}},
		{name: "the password", change: login, header: []string{"Authorization", basic("ada", "p w:ö")}, want: 200},
		{name: "another password", change: login, header: []string{"Authorization", basic("ada", "p w:")}, want: 401},
		{name: "another user", change: login, header: []string{"Authorization", basic("bob", "p w:ö")}, want: 401},
		{name: "another scheme", change: login, header: []string{"Authorization", "Bearer x"}, want: 401},
		{name: "as long as may be", change: func(o *Options) { o.MaxLine = 2 << 10 }, body: strings.NewReader(long), want: 200},
		{name: "too long", change: func(o *Options) { o.MaxLine = 2 << 10 }, body: strings.NewReader(long + "a"), want: 413},
		{name: "too long, in chunks", change: func(o *Options) { o.MaxLine = 2 << 10 }, body: streamed{strings.NewReader(long + "a")}, want: 413},
	} {
		t.Run(tc.name, func(t *testing.T) {
			change := tc.change
			if change == nil {
				change = func(*Options) {}
			}
			r := newRig(t, change).start()
			method, path, body := "POST", "/", tc.body
			if tc.method != "" {
				method = tc.method
			}
			if tc.path != "" {
				path = tc.path
			}
			if body == nil {
				body = strings.NewReader("event=x")
			}
			got, h := r.send(method, path, body, tc.header...)
			if got != tc.want {
				t.Errorf("status %d, want %d", got, tc.want)
			}
			if k := tc.wantHeader[0]; k != "" && h.Get(k) != tc.wantHeader[1] {
				t.Errorf("%s is %q, want %q", k, h.Get(k), tc.wantHeader[1])
			}
			wantLines := 0
			if tc.want == 200 {
				wantLines = 1
			}
			s := r.src.Stats()
			if len(r.lines()) != wantLines || s.Lines != int64(wantLines) || wantLines == 0 && s.Refused[tc.want] != 1 {
				t.Errorf("%d lines, %+v", len(r.lines()), s)
			}
		})
	}
}

// What the record holds: a repeated POST gives the same, so the same ids.
func TestRecord(t *testing.T) {
	r := newRig(t).start()
	longer := strings.Repeat("a", 70<<10)
	sends := []struct{ body, own string }{
		{"event=x&a=1\n", ""}, {"event=x&a=1", ""}, {"event=x&a=2", ""},
		{"event=x&a=1", "msg_1"}, {"event=x&a=1", "msg_1"}, {"event=x&a=1", "msg_2"},
		{longer + "1", ""}, {longer + "2", ""},
	}
	for _, s := range sends {
		header := []string{}
		if s.own != "" {
			header = []string{"webhook-id", s.own}
		}
		if got, _ := r.post(s.body, header...); got != 200 {
			t.Fatalf("status %d", got)
		}
	}
	recs := r.records()
	if len(recs) != len(sends) {
		t.Fatalf("%d records of %d requests", len(recs), len(sends))
	}
	var ids []bridge.ID
	for i, rec := range recs {
		if want := strings.TrimSpace(sends[i].body); string(rec.Line) != want || rec.Stream != "127.0.0.1" || rec.Offset != 0 || rec.Once || rec.Time.IsZero() {
			t.Errorf("record %d is %+v", i, rec)
		}
		rec.Source = "test"
		ids = append(ids, bridge.NewID(rec, 0))
	}
	for i, like := range []int{0, 0, 2, 3, 3, 5, 6, 7} {
		for j := range i {
			if same := ids[i] == ids[j]; same != (like <= j && j < i && (j == like)) {
				t.Errorf("requests %d and %d: same id %v", j, i, same)
			}
		}
	}
}

func TestEmitFails(t *testing.T) {
	r := newRig(t)
	r.gate = func(context.Context) error { return errBroken }
	r.start()
	if got, h := r.post("event=x"); got != http.StatusServiceUnavailable || h.Get("Retry-After") != "10" {
		t.Errorf("status %d, Retry-After %q", got, h.Get("Retry-After"))
	}
	if err := <-r.done; err != errBroken {
		t.Errorf("Run gave %v", err)
	}
	r.done <- nil
}

// An address that is taken is waited for, and that is told.
func TestAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var log bytes.Buffer
	r := newRig(t, func(o *Options) {
		o.Listen = taken.Addr().String()
		o.Log = o.Log.Output(&log)
	})
	is := func(want status.State) func() bool {
		return func() bool {
			var to status.Source
			r.src.Tell(&to)
			return to.State == want && (want == status.Unreadable) == strings.Contains(to.Text, "another process listens there") && to.Since.IsZero() == (want != status.Unreadable)
		}
	}
	if !is(status.Starting)() {
		t.Error("before it runs")
	}
	r.launch()
	r.until("the address", is(status.Unreadable))
	taken.Close()
	r.until("the address", is(status.OK))
	r.url = "http://" + taken.Addr().String()
	if got, _ := r.post("event=x"); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	var to status.Source
	if r.src.Tell(&to); to.Open != 1 {
		t.Errorf("%d connections are open", to.Open)
	}
	r.stop()
	<-r.done
	r.done <- nil
	if n := strings.Count(log.String(), "can't listen"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// The password must not be seen in what is logged or answered.
func TestPasswordIsNotShown(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, func(o *Options) {
		o.Username, o.Password = "ada", option.NewSecret("hunter2")
		o.Log = o.Log.Output(&log)
	}).start()
	r.post("event=x", "Authorization", basic("ada", "hunter3"))
	r.stop()
	<-r.done
	r.done <- nil
	if strings.Contains(log.String(), "hunter") {
		t.Errorf("logged %s", log.String())
	}
}
