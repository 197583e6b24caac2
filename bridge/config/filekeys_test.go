package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// pair gives a new certificate that is its own issuer, and its key.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	kb, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: kb}))
}

// fileKey is how a key that names a file is tried: what else must stand beside
// it, and what the file may hold.
type fileKey struct {
	beside  string
	instead string // what of the table it stands for
	holds   [2]string
	alike   bool // what it holds is read again by who uses it, not by a reload
}

func fileKeys(t *testing.T) map[string]fileKey {
	cert1, key1 := pair(t)
	cert2, key2 := pair(t)
	oauth := "token_url='https://l.example.com/t'\nclient_id='c'\n"
	return map[string]fileKey{
		"ca_file":                      {holds: [2]string{cert1, cert2}},
		"client_cert_file":             {holds: [2]string{cert1 + key1, cert2 + key2}, beside: "client_key_file='file'\n"},
		"client_key_file":              {holds: [2]string{cert1 + key1, cert2 + key2}, beside: "client_cert_file='file'\n"},
		"cert_file":                    {holds: [2]string{cert1 + key1, cert2 + key2}, beside: "key_file='file'\n", alike: true},
		"key_file":                     {holds: [2]string{cert1 + key1, cert2 + key2}, beside: "cert_file='file'\n", alike: true},
		"url_file":                     {holds: [2]string{"https://localhost/services/one", "https://localhost/services/two"}, instead: "url='https://localhost/'\n"},
		"template_file":                {holds: [2]string{`{"a": 1}`, `{"a": 2}`}, beside: "body='template'\n"},
		"password_file":                {beside: "username='u'\n"},
		"signing_secret_file":          {holds: [2]string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}},
		"previous_signing_secret_file": {holds: [2]string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, beside: "signing_secret='whsec_BBBQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'\n"},
		"client_secret_file":           {beside: oauth},
		"token_file":                   {holds: [2]string{"0123456789abcdef", "0123456789abcdeg"}},
		"proxy_password_file":          {beside: "proxy='http://p.example.com:1'\nproxy_username='u'\n"},
	}
}

// tables are what a table needs besides the key.
var tables = map[string]string{
	"smtp":             "[[recipients.email]]\nname='m'\naddress='b@example.com'\n[smtp]\nhost='mail'\nfrom='a@example.com'\n",
	"admin":            "[admin]\n",
	"smtp.oauth2":      "[[recipients.email]]\nname='m'\naddress='b@example.com'\n[smtp]\nhost='mail'\nfrom='a@example.com'\nusername='u'\nauth='xoauth2'\n[smtp.oauth2]\n",
	"recipients.http":  "[[recipients.http]]\nname='h'\nurl='https://localhost/'\n",
	"recipients.email": "[smtp]\nhost='mail'\nfrom='a@example.com'\n[[recipients.email]]\nname='m'\naddress='b@example.com'\n",
	"sources.http":     "[[sources.http]]\nname='h'\nlisten='127.0.0.1:1'\nformat='form'\n",
	"sources.syslog":   "[[sources.syslog]]\nname='y'\nlisten='tls://127.0.0.1:1'\nformat='bg'\n",

	"recipients.http.oauth2": "[[recipients.http]]\nname='h'\nurl='https://localhost/'\n[recipients.http.oauth2]\n",
}

// A file that a key names is part of the configuration: it is watched, and what
// it holds makes another configuration. Loaded twice, the same is the same.
func TestFilesOfKeysCount(t *testing.T) {
	how := fileKeys(t)
	for _, key := range Keys() {
		table, last := "", key
		if i := strings.LastIndexByte(key, '.'); i >= 0 {
			table, last = key[:i], key[i+1:]
		}
		if !strings.HasSuffix(last, "_file") || strings.HasPrefix(table, "defaults") {
			continue
		}
		t.Run(key, func(t *testing.T) {
			k := how[last]
			if k.holds[0] == "" {
				k.holds = [2]string{"Bearer one\n", "Bearer two\n"}
			}
			text := aFile + aSource + strings.Replace(tables[table], k.instead, "", 1) + last + "='file'\n" + k.beside
			dir := write(t, map[string]string{"main.toml": text, "file": k.holds[0]})
			loaded := func() *Config {
				t.Helper()
				c, ps := Load("main.toml")
				if c == nil {
					t.Fatal(ps)
				}
				return c
			}
			first := loaded()
			same := func(c *Config) bool {
				return slices.EqualFunc(items(first), items(c), Item.Same) && reflect.DeepEqual(first.Admin, c.Admin)
			}
			if !slices.Contains(first.Depends.Files, filepath.Join(dir, "file")) {
				t.Errorf("it depends on %q", first.Depends.Files)
			}
			if !same(loaded()) {
				t.Error("loaded twice, it is another one")
			}
			if err := os.WriteFile("file", []byte(k.holds[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			if same := same(loaded()); same != k.alike {
				t.Errorf("with another file it is the same: %v, want %v", same, k.alike)
			}
		})
	}
}

func items(c *Config) []Item { return append(c.Sources(), c.Recipients()...) }
