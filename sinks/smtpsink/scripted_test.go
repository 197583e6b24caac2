package smtpsink_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// How a scripted server behaves at a step; an answer of its own is one, too.
const (
	closes  = "closes"
	stalls  = "stalls"
	garbage = "\x00\xff\x1b[2J no answer at all"
	toomuch = "too much"
)

// misbehaving is a mail server that follows a script: it offers STARTTLS and
// then AUTH, and wants both. It lives on pipes, so that time can be faked.
type misbehaving struct {
	t           *testing.T
	cert, other tls.Certificate // other: nobody trusts it
	caFile      string

	// login answers AUTH; nil: as the script has it. ask sends a challenge and
	// gives the client's answer to it.
	login func(mechanism, initial string, ask func(string) string) string

	mu     sync.Mutex
	script map[string]string // by step; none: as it should
	said   []string          // by the client, in all connections; of AUTH its first words
	mails  []taken
	opened int // connections
	open   int // of them now
	most   int // of them at once
}

// taken is a mail that the server has, whatever it said then.
type taken struct {
	to  []string
	raw string
}

func newMisbehaving(t *testing.T, script map[string]string) *misbehaving {
	s := &misbehaving{t: t, script: script}
	var ca []byte
	s.cert, ca = certificateFor(t, "mail.example.com")
	s.other, _ = certificateFor(t, "mail.example.com")
	s.caFile = writeFile(t, "ca.pem", ca)
	return s
}

// certificateFor makes one that is its own issuer, and valid when a synctest
// bubble's clock begins, too.
func certificateFor(t *testing.T, name string) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// relay gives the settings to reach it, all that can be set left as it is.
func (s *misbehaving) relay() smtpsink.RelayOptions {
	o := smtpsink.RelayDefaults()
	o.Host, o.From, o.CAFile = "mail.example.com", "tailpost@example.com", s.caFile
	o.Username, o.Password = "u", option.NewSecret("s3cr3t")
	o.Dial = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := lazyPipe()
		go s.serve(theirs)
		return ours, nil
	}
	return o
}

func (s *misbehaving) behave(script map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

func (s *misbehaving) all() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

func (s *misbehaving) commands() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.said, "\n")
}

func (s *misbehaving) connections() (opened, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened, s.most
}

func (s *misbehaving) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += n
	s.opened += max(n, 0)
	s.most = max(s.most, s.open)
}

// talk is one connection.
type talk struct {
	s    *misbehaving
	conn net.Conn
	in   *bufio.Reader
	tls  bool
	auth bool
	mail taken
	had  int // mails before
}

func (s *misbehaving) serve(conn net.Conn) {
	s.count(1)
	defer s.count(-1)
	c := &talk{s: s, conn: conn, in: bufio.NewReader(conn)}
	defer func() { _ = c.conn.Close() }()
	for ok := c.step("greeting", "220 mail.example.com ESMTP"); ok; {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return
		}
		ok = c.command(strings.TrimRight(line, "\r\n"))
	}
}

func (c *talk) command(line string) bool {
	word, _, _ := strings.Cut(line, " ")
	fields := append(strings.Fields(line), "", "", "")
	if word == "AUTH" {
		line = "AUTH " + fields[1]
	}
	c.s.mu.Lock()
	c.s.said = append(c.s.said, line)
	c.s.mu.Unlock()
	switch {
	case word == "EHLO" && c.tls:
		return c.step("EHLO by TLS", "250-mail.example.com\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN")
	case word == "EHLO":
		return c.step("EHLO", "250-mail.example.com\r\n250-8BITMIME\r\n250 STARTTLS")
	case word == "STARTTLS":
		return c.step("STARTTLS", "220 go on") && c.secure()
	case word == "AUTH" && c.s.login != nil:
		answer := c.s.login(fields[1], fields[2], c.ask)
		c.auth = strings.HasPrefix(answer, "235")
		return c.say(answer)
	case word == "AUTH":
		c.auth = true
		return c.step("AUTH", "235 welcome")
	case word == "MAIL" && c.had > 0 && c.how("MAIL again") != "":
		return c.step("MAIL again", "")
	case word == "MAIL" && (!c.tls || !c.auth):
		return c.say("530 not so")
	case word == "MAIL":
		c.mail = taken{}
		return c.step("MAIL", "250 ok")
	case word == "RCPT":
		return c.rcpt(strings.Trim(strings.TrimPrefix(line, "RCPT TO:"), "<>"))
	case word == "DATA":
		return c.step("DATA", "354 go on") && c.data()
	case word == "QUIT":
		c.step("QUIT", "221 bye")
		return false
	}
	return c.step(word, "250 ok") // HELO, RSET, NOOP
}

func (c *talk) ask(challenge string) string {
	c.say("334 " + base64.StdEncoding.EncodeToString([]byte(challenge)))
	line, _ := c.in.ReadString('\n')
	b, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	return string(b)
}

func (c *talk) rcpt(to string) bool {
	before := len(c.mail.to)
	step := "RCPT"
	if c.how("RCPT "+to) != "" {
		step = "RCPT " + to
	}
	if c.how(step) == "" {
		c.mail.to = append(c.mail.to[:before:before], to)
	}
	return c.step(step, "250 ok")
}

func (c *talk) data() bool {
	if strings.HasPrefix(c.how("DATA"), "4") || strings.HasPrefix(c.how("DATA"), "5") {
		return true
	}
	var raw bytes.Buffer
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, "."))
	}
	c.mail.raw = raw.String()
	c.had++
	if how := c.how("end"); how == "" || how == closes || how == stalls { // a refused mail is no mail
		c.s.mu.Lock()
		c.s.mails = append(c.s.mails, c.mail)
		c.s.mu.Unlock()
	}
	return c.step("end", "250 queued as 4711")
}

// secure begins TLS.
func (c *talk) secure() bool {
	cert := c.s.cert
	switch how := c.how("TLS"); how {
	case "":
	case "certificate":
		cert = c.s.other
	default:
		return c.step("TLS", "")
	}
	secured := tls.Server(c.conn, &tls.Config{Certificates: []tls.Certificate{cert}})
	if secured.Handshake() != nil {
		return false
	}
	c.conn, c.in, c.tls = secured, bufio.NewReader(secured), true
	return true
}

func (c *talk) how(step string) string {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.s.script[step]
}

// step answers as the script has it, and reports whether the talk goes on.
func (c *talk) step(name, answer string) bool {
	switch how := c.how(name); how {
	case "":
		return c.say(answer)
	case closes:
		return false
	case stalls:
		_, _ = io.Copy(io.Discard, c.in)
		return false
	case toomuch:
		flood := []byte(strings.Repeat("250-and another thing\r\n", 1000))
		for range 100 { // twice what we bear
			if _, err := c.conn.Write(flood); err != nil {
				return false
			}
		}
		return false
	default:
		return c.say(how)
	}
}

func (c *talk) say(line string) bool {
	_, err := io.WriteString(c.conn, line+"\r\n")
	return err == nil
}
