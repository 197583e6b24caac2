//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// TestFormBodiesOfReceivers has the form body of each of the seven events, as
// the HTTP recipient's golden files hold it, read by PHP and by .NET's rules:
// the same variables come out as stand beside the body.
func TestFormBodiesOfReceivers(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "sinks", "httpsink", "testdata", "form")
	bodies, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(bodies) != 7 {
		t.Fatalf("%d bodies, %v; want those of seven events", len(bodies), err)
	}
	for _, name := range bodies {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			body, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(strings.TrimSuffix(name, ".txt") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want map[string]string
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			if got := parsePHP(t, body); !reflect.DeepEqual(got, asPHP(want)) {
				t.Errorf("PHP reads %q, want %q", got, asPHP(want))
			}
			for reader, parse := range map[string]func(string) (map[string]string, error){
				"HttpUtility.ParseQueryString": parseQueryString, "FormReader": parseFormReader,
			} {
				got, err := parse(string(body))
				if err != nil || !maps.Equal(got, want) {
					t.Errorf("%s reads %q, %v, want %q", reader, got, err, want)
				}
			}
		})
	}
}

// parsePHP has parse_str read a body, which reads as $_POST is read.
func parsePHP(t *testing.T, body []byte) map[string]any {
	t.Helper()
	cmd := exec.Command("php", "-n", "-r",
		`parse_str(stream_get_contents(STDIN), $v); echo json_encode((object) $v, JSON_THROW_ON_ERROR);`)
	cmd.Stdin = bytes.NewReader(body)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v; .ci/e2e-packages installs it", err)
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("php said %q: %v", out, err)
	}
	return got
}

// asPHP gives variables under the names that PHP reads them by: blanks and
// dots are _, and [] at the end makes a list of it.
func asPHP(vars map[string]string) map[string]any {
	out := map[string]any{}
	for name, v := range vars {
		name = strings.NewReplacer(" ", "_", ".", "_").Replace(name)
		if list, ok := strings.CutSuffix(name, "[]"); ok {
			out[list] = []any{v}
			continue
		}
		out[name] = v
	}
	return out
}

// parseQueryString does as System.Web.HttpUtility.ParseQueryString does, which
// stands behind Request.Form of ASP.NET too (dotnet/runtime, HttpUtility.cs and
// HttpEncoder.cs): pairs end at &, a name at the first =, + is a blank, %XX a
// byte of UTF-8 and %uXXXX a character; what is none of these stands as it is.
// Names are one without regard to case, and values of one name are joined by a
// comma. A pair without = is a value without a name.
func parseQueryString(body string) (map[string]string, error) {
	out, folded := map[string]string{}, map[string]string{}
	for pair := range strings.SplitSeq(strings.TrimPrefix(body, "?"), "&") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%q is a value without a name", pair)
		}
		name, value = urlDecode(name), urlDecode(value)
		if first, ok := folded[strings.ToLower(name)]; ok {
			out[first] += "," + value
			continue
		}
		folded[strings.ToLower(name)] = name
		out[name] = value
	}
	return out, nil
}

func urlDecode(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
			continue
		case s[i] == '%' && i+5 < len(s) && s[i+1] == 'u':
			if v, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				b = append(b, string(utf16.Decode([]uint16{uint16(v)}))...)
				i += 5
				continue
			}
		case s[i] == '%' && i+2 < len(s):
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(v))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// parseFormReader does as ASP.NET Core's FormReader does
// (dotnet/aspnetcore, src/Http/WebUtilities/src/FormReader.cs): + is a blank,
// then Uri.UnescapeDataString; names are one without regard to case; at most
// 1024 values, names of 2048 characters, values of 4 MiB.
func parseFormReader(body string) (map[string]string, error) {
	const countMax, nameMax, valueMax = 1024, 2048, 4 << 20
	out, folded := map[string]string{}, map[string]bool{}
	for pair := range strings.SplitSeq(body, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, value = urlDecode(name), urlDecode(value)
		switch {
		case len(name) > nameMax || len(value) > valueMax || len(out) == countMax:
			return nil, fmt.Errorf("%.40q is over a limit", name)
		case folded[strings.ToLower(name)]:
			return nil, fmt.Errorf("%q is there twice", name)
		}
		folded[strings.ToLower(name)] = true
		out[name] = value
	}
	return out, nil
}
