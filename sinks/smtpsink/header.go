package smtpsink

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/wneessen/go-mail"

	"github.com/tailpost/tailpost/sinks/macro"
)

const (
	headerMax = 200      // characters; a header's line has at most 998
	valueMax  = 16 << 10 // bytes of a value that are looked at
)

// setHeader sets a header to a text that may hold anything. What looks like an
// encoded word (RFC 2047) is encoded once more: who reads the mail is to see
// it as it is, not as what it stands for.
func setHeader(msg *mail.Msg, name mail.Header, text string) {
	text = headerText(text, headerMax)
	if strings.Contains(text, "=?") {
		msg.SetGenHeaderPreformatted(name, encodedWords(text))
		return
	}
	msg.SetGenHeader(name, text)
}

// encodedWords gives a text as encoded words, one on each line.
func encodedWords(s string) string {
	const wordBytes = 45 // 60 characters of the 75 that a word may have
	var words []string
	for len(s) > 0 {
		n := min(wordBytes, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, "\r\n ")
}

// headerText makes a text fit for a header: no control characters, single
// blanks, at most limit characters. Runs of blanks matter: where the library
// folds a header in the middle of one, a line of blanks alone comes out.
func headerText(s string, limit int) string {
	s = singleBlanks(s[:min(len(s), valueMax)])
	s = singleBlanks(string(macro.Header.Append(nil, s))) // what was dropped may have stood between two
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

func singleBlanks(s string) string { return strings.Join(strings.Fields(s), " ") }
