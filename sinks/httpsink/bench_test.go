package httpsink_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/httpsink"
	"github.com/tailpost/tailpost/sinks/sinktest"
)

// BenchmarkDeliver stands beside BenchmarkBarePost: what a delivery costs over
// the bare POST of the same body, one connection each.
func BenchmarkDeliver(b *testing.B) {
	for _, c := range []struct{ name, body, path string }{
		{"form", "form", ""}, {"json", "json", ""}, {"cloudevents", "cloudevents", ""},
		{"template", "template", ""}, {"tokens", "form", "/%%lsid%%?k=%%external_key%%"},
	} {
		b.Run(c.name, func(b *testing.B) {
			o := httpsink.Defaults("")
			o.URL, o.Body = counter(b)+c.path, c.body
			if c.body == "template" {
				o.Template = `{"id": "%%id%%", "event": "%%event%%", "at": %%timestamp%%, "session": "%%lsid%%", "key": "%%external_key%%"}`
			}
			s, err := httpsink.New(o)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = s.Close() })
			d := bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}, Attempt: 1}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Deliver(b.Context(), d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBarePost(b *testing.B) {
	url := counter(b)
	e := sinktest.PlainEvent(1)
	body := e.AppendJSON(nil)
	client := &http.Client{Transport: &http.Transport{}}
	b.Cleanup(client.CloseIdleConnections)
	b.ReportAllocs()
	for b.Loop() {
		resp, err := client.Post(url, "application/json", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

func counter(b *testing.B) string {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	b.Cleanup(srv.Close)
	return srv.URL
}
