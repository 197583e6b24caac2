package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	linkTo  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`^#{1,6} +(.*)$`)
	inCode  = regexp.MustCompile("`[^`]*`")
	inLink  = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// prose gives a page's lines without its blocks of code.
func prose(text string) (lines []string) {
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		if !fenced && !strings.HasPrefix(line, "    ") {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	return lines
}

// anchors gives the names by which the headings of a page are linked to, made
// as GitHub does: small letters, blanks as hyphens, without punctuation.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, line := range prose(text) {
		m := heading.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name := inLink.ReplaceAllString(m[1], "$1")
		found[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r):
				return unicode.ToLower(r)
			}
			return -1
		}, name)] = true
	}
	return found
}

// TestLinks follows every link within the project: its file is there, and so is
// its heading.
func TestLinks(t *testing.T) {
	n := 0
	for _, page := range pages(t) {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range prose(string(b)) {
			for _, m := range linkTo.FindAllStringSubmatch(inCode.ReplaceAllString(line, ""), -1) {
				if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
					continue
				}
				n++
				if why := follow(page, string(b), m[1]); why != "" {
					t.Errorf("%s: %s: %s", page, m[1], why)
				}
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d links were found", n)
	}
}

// follow says what is wrong with a link of a page.
func follow(page, text, link string) string {
	file, anchor, _ := strings.Cut(link, "#")
	if file != "" {
		path := filepath.Join(filepath.Dir(page), file)
		info, err := os.Stat(path)
		if err != nil {
			return "there is no such file"
		}
		if info.IsDir() || anchor == "" {
			return ""
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err.Error()
		}
		text = string(b)
	}
	if !anchors(text)[anchor] {
		return "there is no such heading"
	}
	return ""
}

func TestLinksCanFail(t *testing.T) {
	const text = "# A page\n\n## `run`, and [more](x.md)\n"
	for link, want := range map[string]string{
		"nowhere.md": "there is no such file", "#a-page": "", "#run-and-more": "", "#run": "there is no such heading",
		"../docs/parity.md#its-smtp-relay": "", "parity.md#nothing": "there is no such heading",
	} {
		if got := follow("links_test.go", text, link); got != want {
			t.Errorf("%s: %q, want %q", link, got, want)
		}
	}
}
