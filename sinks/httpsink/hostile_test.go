package httpsink_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/httpsink"
	"github.com/tailpost/tailpost/sinks/sinktest"
)

// hostileValues break out wherever a value isn't taken for data.
var hostileValues = map[string]string{
	"line ends":       "x\r\nBcc: evil@example.com\r\n\r\nbody\n.\n",
	"quotes":          `"'` + "`" + `\`,
	"backslash":       `\`,
	"script":          `</script><script>alert(1)</script>`,
	"markup":          `--> ]]> <!-- <p class="x"> &amp; &#0; &lt`,
	"a token":         "%%lsid%% %%name%%",
	"half a token":    "%%",
	"pairs":           "&event=evil&lsid=x=y+z;w",
	"escapes":         "%0d%0a%41%u0041%",
	"terminal":        "\x1b[2J\x1b]0;title\x07\x9b31m",
	"no UTF-8":        "a\xff\xfe\xc3(b",
	"zero":            "a\x00b",
	"separators":      "a\u2028b\u2029c\u0085d\u202ee\ufeff",
	"JSON":            `","evil":"1"}`,
	"other templates": "{{.Evil}} ${7*7} #{1} <%= 1 %>",
	"dots":            "..",
	"a path":          `../..\x?y#z`,
	"blank":           " ",
	"a MiB":           strings.Repeat("0123456789abcde\n", 1<<16),
	"many escapes":    strings.Repeat("\"", 64<<10),
}

// arrival is a request as a receiver takes it apart.
type arrival struct {
	key, name string // the two values
	rest      string // what else there is: the same for every value
}

// TestHostileValuesArriveAsData: whatever the values are, a real server reads
// them back, and reads nothing else than it does with harmless ones.
func TestHostileValuesArriveAsData(t *testing.T) {
	plain := func(s string) string { return strings.Map(func(r rune) rune { return r }, s) }
	markup := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsControl(r) && !strings.ContainsRune("\r\n\t", r) {
				return '\uFFFD'
			}
			return r
		}, s)
	}
	asTemplate := func(contentType, text string) func(*httpsink.Options) {
		return func(o *httpsink.Options) { o.Body, o.ContentType, o.Template = "template", contentType, text }
	}
	for _, c := range []struct {
		name string
		set  func(*httpsink.Options)
		read func(r *http.Request, body []byte) (arrival, error)
		want func(string) string // what of a value can arrive
	}{
		{"form", func(*httpsink.Options) {}, readForm("external_key", "name"), plain},
		{"json", func(o *httpsink.Options) { o.Body = "json" }, readJSON, plain},
		{"lines", func(o *httpsink.Options) { o.Body, o.BatchFormat = "json", "ndjson" }, readLine, plain},
		{"cloudevents", func(o *httpsink.Options) { o.Body = "cloudevents" }, readCloudEvent, plain},
		{"template of JSON", asTemplate("", `{"external_key": "%%external_key%%", "list": [1, {"x": %%os%%}], "name": %%name%%}`), readJSON, plain},
		{"template of a form", asTemplate("application/x-www-form-urlencoded", "a=1&external_key=%%external_key%%&n=%%name%%&z="), readForm("external_key", "n"), plain},
		{"template of HTML", asTemplate("text/html", `<!DOCTYPE html><title>x</title><p title="%%external_key%%">%%name%%</p><br>`), readHTML, markup},
		{"template of XML", asTemplate("application/xml", `<a key='%%external_key%%'><name>%%name%%</name><b/></a>`), readXML, markup},
		{"template of text", asTemplate("text/plain", "%%external_key%%\x1e%%name%%\x1eend"), readText, plain},
		{"URL", func(o *httpsink.Options) { o.URL += "/a/%%name%%/b?k=%%external_key%%&z=1" }, readURL, plain},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := newReader(t, c.read)
			o := at(srv.URL)
			c.set(&o)
			if ps := o.Check(t.TempDir()); len(ps) > 0 {
				t.Fatal(ps)
			}
			s := newSink(t, o)
			var harmless arrival
			for i, name := range append([]string{""}, sortedKeys(hostileValues)...) {
				v := hostileValues[name]
				if i == 0 {
					v = "x"
				}
				if c.name == "template of text" {
					v = strings.ReplaceAll(v, "\x1e", "")
				}
				e := sinktest.PlainEvent(1)
				e.Name, e.ExternalKey, e.MemberName = bridge.EventMemberAdded, v, v
				if _, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{e}, Attempt: 1}); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				got, err := srv.last()
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if i == 0 {
					harmless = got
				}
				want := c.want(v)
				if got.key != want || got.name != want && !(c.name == "URL" && strings.Contains(v, "..")) {
					t.Errorf("%s: arrives as %.80q and %.80q, want %.80q", name, got.key, got.name, want)
				}
				if got.rest != harmless.rest {
					t.Errorf("%s: became more than data:\n%.300s\nwant\n%.300s", name, got.rest, harmless.rest)
				}
			}
		})
	}
}

// reader is a server that reads requests back.
type reader struct {
	*httptest.Server
	mu  sync.Mutex
	got arrival
	err error
}

func newReader(t *testing.T, read func(*http.Request, []byte) (arrival, error)) *reader {
	t.Helper()
	r := &reader{}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		var got arrival
		if err == nil {
			got, err = read(req, body)
		}
		got.rest += "\n" + req.Host[:9] + strings.Join(sortedKeys(req.Header), " ") + req.Header.Get("Content-Type")
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got, r.err = got, err
	}))
	r.Config.MaxHeaderBytes = 16 << 20 // for the values in the URL
	r.Start()
	t.Cleanup(r.Close)
	return r
}

func (r *reader) last() (arrival, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got, r.err
}

// pull takes the two values out of what a receiver has read.
func pull(all map[string]any, key, name string) (arrival, error) {
	k, ok := all[key].(string)
	n, ok2 := all[name].(string)
	if !ok || !ok2 {
		return arrival{}, fmt.Errorf("%s and %s are %v and %v", key, name, all[key], all[name])
	}
	delete(all, key)
	delete(all, name)
	rest, err := json.Marshal(all)
	return arrival{key: k, name: n, rest: string(rest)}, err
}

func readForm(key, name string) func(*http.Request, []byte) (arrival, error) {
	return func(_ *http.Request, body []byte) (arrival, error) {
		q, err := url.ParseQuery(string(body))
		all := map[string]any{}
		for k, v := range q {
			all[k] = strings.Join(v, ",")
		}
		if err != nil {
			return arrival{}, err
		}
		return pull(all, key, name)
	}
}

func readJSON(_ *http.Request, body []byte) (arrival, error) {
	var all map[string]any
	if err := json.Unmarshal(body, &all); err != nil {
		return arrival{}, err
	}
	return pull(all, "external_key", "name")
}

func readLine(r *http.Request, body []byte) (arrival, error) {
	if n := bytes.Count(body, []byte("\n")); n != 1 {
		return arrival{}, fmt.Errorf("%d lines", n)
	}
	return readJSON(r, body)
}

func readCloudEvent(_ *http.Request, body []byte) (arrival, error) {
	var all map[string]any
	if err := json.Unmarshal(body, &all); err != nil {
		return arrival{}, err
	}
	data, ok := all["data"].(map[string]any)
	if !ok {
		return arrival{}, fmt.Errorf("no data in %.200s", body)
	}
	got, err := pull(data, "external_key", "name")
	rest, _ := json.Marshal(all)
	got.rest += string(rest)
	return got, err
}

func readHTML(_ *http.Request, body []byte) (arrival, error) {
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return arrival{}, err
	}
	var got arrival
	for n := range root.Descendants() {
		switch {
		case n.Data == "p" && len(n.Attr) == 1 && n.FirstChild != nil:
			got.key, got.name = n.Attr[0].Val, n.FirstChild.Data
			got.rest += n.Attr[0].Key + " "
		case n.Parent.Data != "p":
			got.rest += n.Data + " "
		}
	}
	return got, nil
}

func readXML(_ *http.Request, body []byte) (arrival, error) {
	var all struct {
		XMLName xml.Name
		Key     string   `xml:"key,attr"`
		Attrs   []string `xml:",any,attr"`
		Name    string   `xml:"name"`
		B       struct{} `xml:"b"`
		Other   []struct {
			XMLName xml.Name
		} `xml:",any"`
	}
	if err := xml.Unmarshal(body, &all); err != nil {
		return arrival{}, err
	}
	return arrival{key: all.Key, name: all.Name, rest: fmt.Sprint(all.XMLName.Local, all.Attrs, all.Other)}, nil
}

func readText(_ *http.Request, body []byte) (arrival, error) {
	parts := strings.Split(string(body), "\x1e")
	if len(parts) != 3 {
		return arrival{}, fmt.Errorf("%d parts", len(parts))
	}
	return arrival{key: parts[0], name: parts[1], rest: parts[2]}, nil
}

func readURL(r *http.Request, _ []byte) (arrival, error) {
	segments := strings.Split(r.URL.EscapedPath(), "/")
	if len(segments) != 4 {
		return arrival{}, fmt.Errorf("%d segments in %.200s", len(segments), r.URL.EscapedPath())
	}
	name, err := url.PathUnescape(segments[2])
	if err != nil {
		return arrival{}, err
	}
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == "." || part == ".." {
			return arrival{}, fmt.Errorf("%q leads out of the path", name)
		}
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return arrival{}, err
	}
	key := q.Get("k")
	q.Set("k", "")
	return arrival{key: key, name: name, rest: segments[1] + segments[3] + q.Encode()}, nil
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
