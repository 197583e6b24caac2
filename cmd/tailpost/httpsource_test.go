package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// outboundBodies are the seven events as the appliance posts them.
var outboundBodies = []string{
	"event=support_conference_begin&version=1.0&timestamp=1733239565&appliance_id=support.example.com&lsid=e9e99aeb9ad54fb381634498502c5a1b&external_key=",
	"event=support_conference_owner_changed&version=1.0&timestamp=1733239570&appliance_id=support.example.com&lsid=e9e99aeb9ad54fb381634498502c5a1b&external_key=&conference_name=Tier+1&conference_id=7",
	"event=support_conference_member_added&version=1.0&timestamp=1733239600&appliance_id=support.example.com&lsid=e9e99aeb9ad54fb381634498502c5a1b&external_key=INC%3D10&name=Zo%C3%AB+M%C3%BCller+%26+S%C3%B6hne&type=customer",
	"event=support_conference_member_departed&version=1.0&timestamp=1733239900&appliance_id=support.example.com&lsid=e9e99aeb9ad54fb381634498502c5a1b&external_key=INC%3D10&name=Ada&type=representative&username=ada&user_id=1&display_name=Ada+L",
	"event=support_conference_end&version=1.0&timestamp=1733240467&appliance_id=support.example.com&lsid=e9e99aeb9ad54fb381634498502c5a1b&external_key=INC%3D10%3BA%5C&cost_center=4200&room=",
	"event=support_conference_customer_exit_survey_completed&version=1.0&timestamp=1733240531&appliance_id=support.example.com&lsid=e9e99aeb9ad54fb381634498502c5a1b&external_key=INC%3D10&survey_rating=5&survey_comments=quick+and%0D%0Akind",
	"event=support_conference_rep_exit_survey_completed&version=1.0&timestamp=1733240540&appliance_id=support.example.com&lsid=e9e99aeb9ad54fb381634498502c5a1b&external_key=INC%3D10&survey_solved=yes",
}

// TestOutboundEventInAndOut: the appliance's own POSTs in, the same variables
// out to each recipient; a repeated POST has the same id, also after a kill.
func TestOutboundEventInAndOut(t *testing.T) {
	t.Parallel()
	first, second := newFormBook(t), newFormBook(t)
	dir := t.TempDir()
	s := &site{t: t, dir: dir, config: filepath.Join(dir, "tailpost.toml")}
	s.write(filepath.Join(dir, "password"), "p4ss\n")
	s.write(s.config, fmt.Sprintf(`state_dir = "state"
admin.listen = ""
[log]
format = "json"
[[sources.http]]
name          = "outbound"
listen        = "127.0.0.1:0"
path          = "/in"
format        = "form"
appliance_id  = "box"
allow         = "127.0.0.1"
username      = "appliance"
password_file = "password"
max_line      = "32KiB"
[defaults.http]
version            = "1.0"
send_custom_fields = true
retry_interval     = "50ms"
[[recipients.http]]
name = "first"
url  = "%s/a?action=x"
[[recipients.http]]
name    = "second"
url     = "%s/"
profile = "appliance"
`, first.URL, second.URL))

	p := s.run()
	at := listening(p)
	for _, b := range outboundBodies {
		if got := postForm(t, at, b); got != http.StatusOK {
			t.Fatalf("status %d", got)
		}
	}
	for _, book := range []*formBook{first, second} {
		wait(t, "the seven", func() bool { return len(book.all()) == len(outboundBodies) })
		for i, got := range book.all() {
			want, err := url.ParseQuery(outboundBodies[i])
			if err != nil {
				t.Fatal(err)
			}
			if !maps.EqualFunc(got.form, want, slices.Equal) {
				t.Errorf("event %d came out as\n%v\nwant\n%v", i, got.form, want)
			}
		}
	}
	p.kill()
	p = s.run()
	at = listening(p)
	for _, b := range outboundBodies {
		postForm(t, at, b)
	}
	wait(t, "the repeats", func() bool {
		return len(first.all()) >= 2*len(outboundBodies) && len(second.all()) >= 2*len(outboundBodies)
	})
	for _, book := range []*formBook{first, second} {
		if got := book.ids(); len(got) != len(outboundBodies) || !maps.Equal(got, first.ids()) {
			t.Errorf("ids %v; want the seven of the first time", got)
		}
	}
	hostilePosts(t, at)
	p.stop()
}

// hostilePosts sends what is no event; all of it is taken or refused, and the
// source goes on.
func hostilePosts(t *testing.T, at string) {
	t.Helper()
	for _, tc := range []struct {
		body string
		want int
	}{
		{"", 200}, {"\x00\xff", 200}, {"event=%zz", 200}, {"[1,2", 200}, {"event=support_conference_nope", 200},
		{strings.Repeat("a", 33<<10), 413}, {outboundBodies[0] + "&n=1", 200},
	} {
		if got := postForm(t, at, tc.body); got != tc.want {
			t.Errorf("%.40q: status %d, want %d", tc.body, got, tc.want)
		}
	}
	if resp, err := http.Post("http://"+at+"/in", "", strings.NewReader(outboundBodies[0])); err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a password: %v, %v", resp, err)
	} else {
		resp.Body.Close()
	}
}

// listening waits for the source's listener and gives its address.
func listening(p *process) (at string) {
	p.t.Helper()
	wait(p.t, "the source to listen", func() bool {
		for line := range bytes.Lines([]byte(p.log.String())) {
			var said struct{ Message, Address string }
			if json.Unmarshal(line, &said) == nil && said.Message == "listening for events" {
				at = said.Address
			}
		}
		return at != ""
	})
	return at
}

func postForm(t *testing.T, at, body string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+at+"/in?action=x", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("appliance", "p4ss")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// formBook is a receiver that keeps the forms that it got.
type formBook struct {
	*httptest.Server
	mu   sync.Mutex
	got  []received
	seen map[string]bool
}

type received struct {
	id   string
	form url.Values
}

func newFormBook(t *testing.T) *formBook {
	t.Helper()
	b := &formBook{seen: map[string]bool{}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Error(err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got = append(b.got, received{r.Header.Get("webhook-id"), form})
		b.seen[r.Header.Get("webhook-id")] = true
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *formBook) all() []received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got)
}

func (b *formBook) ids() map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.seen)
}
