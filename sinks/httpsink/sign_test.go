package httpsink_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/tailpost/tailpost/bridge/option"
)

func signingSecret(fill string, n int) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, n)))
}

// signed gives a delivery with these secrets as it arrived.
func signed(t *testing.T, secret, previous string) (header http.Header, body []byte) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		body, _ = io.ReadAll(r.Body)
	}))
	t.Cleanup(srv.Close)
	o := at(srv.URL)
	o.Body, o.SigningSecret, o.PreviousSigningSecret = "json", option.NewSecret(secret), option.NewSecret(previous)
	if _, de := deliver(t, newSink(t, o)); de != nil {
		t.Fatal(de)
	}
	return header, body
}

// The official library takes our requests, with whichever secret of a rotation
// it knows, and none with another.
func TestSignaturesAreTakenByTheOfficialLibrary(t *testing.T) {
	oldest, before, now := signingSecret("a", 32), signingSecret("b", 24), signingSecret("c", 64)
	for _, c := range []struct {
		name              string
		secret, previous  string
		wantBy, wantNotBy []string
	}{
		{name: "one secret", secret: now, wantBy: []string{now}, wantNotBy: []string{before, oldest}},
		{name: "during a rotation", secret: now, previous: before, wantBy: []string{now, before}, wantNotBy: []string{oldest}},
	} {
		t.Run(c.name, func(t *testing.T) {
			header, body := signed(t, c.secret, c.previous)
			verify := func(secret string, body []byte) error {
				wh, err := standardwebhooks.NewWebhook(secret)
				if err != nil {
					t.Fatal(err)
				}
				return wh.Verify(body, header)
			}
			for _, secret := range c.wantBy {
				if err := verify(secret, body); err != nil {
					t.Errorf("refused: %v; %q", err, header.Get("Webhook-Signature"))
				}
				if verify(secret, append([]byte(" "), body...)) == nil {
					t.Error("another body is taken")
				}
			}
			for _, secret := range c.wantNotBy {
				if verify(secret, body) == nil {
					t.Error("taken with a secret that signed nothing")
				}
			}
		})
	}
}

// privateKey gives the first n bytes of a made-up key, seed first.
func privateKey(fill byte, n int) string {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{fill}, ed25519.SeedSize))
	return "whsk_" + base64.StdEncoding.EncodeToString(key[:n])
}

// verifiedBy reports whether one of the request's v1a signatures is that of a
// key, as a receiver that knows the specification alone would look.
func verifiedBy(t *testing.T, key string, header http.Header, body []byte) bool {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(key[len("whsk_"):])
	if err != nil {
		t.Fatal(err)
	}
	public := ed25519.NewKeyFromSeed(b[:ed25519.SeedSize]).Public().(ed25519.PublicKey)
	signed := append([]byte(header.Get("webhook-id")+"."+header.Get("webhook-timestamp")+"."), body...)
	for one := range strings.SplitSeq(header.Get("webhook-signature"), " ") {
		version, text, _ := strings.Cut(one, ",")
		signature, err := base64.StdEncoding.DecodeString(text)
		if version == "v1a" && err == nil && ed25519.Verify(public, signed, signature) {
			return true
		}
	}
	return false
}

// Signatures by a private key are taken by who has its public one; during a
// rotation from a secret the official library takes the same request.
func TestSignaturesByPrivateKey(t *testing.T) {
	secret, seed, both, other := signingSecret("a", 32), privateKey(1, 32), privateKey(2, 64), privateKey(3, 32)
	for _, c := range []struct {
		name             string
		secret, previous string
		wantBy           []string
		wantVersions     []string
	}{
		{name: "seed", secret: seed, wantBy: []string{seed}, wantVersions: []string{"v1a"}},
		{name: "seed and public key", secret: both, wantBy: []string{both}, wantVersions: []string{"v1a"}},
		{name: "from key to key", secret: both, previous: seed, wantBy: []string{seed, both}, wantVersions: []string{"v1a", "v1a"}},
		{name: "from secret to key", secret: seed, previous: secret, wantBy: []string{seed}, wantVersions: []string{"v1a", "v1"}},
		{name: "from key to secret", secret: secret, previous: seed, wantBy: []string{seed}, wantVersions: []string{"v1", "v1a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			header, body := signed(t, c.secret, c.previous)
			var versions []string
			for one := range strings.SplitSeq(header.Get("Webhook-Signature"), " ") {
				version, _, _ := strings.Cut(one, ",")
				versions = append(versions, version)
			}
			if !slices.Equal(versions, c.wantVersions) {
				t.Errorf("signed %q", header.Get("Webhook-Signature"))
			}
			for _, key := range c.wantBy {
				if !verifiedBy(t, key, header, body) {
					t.Errorf("refused: %q", header.Get("Webhook-Signature"))
				}
				if verifiedBy(t, key, header, append([]byte(" "), body...)) {
					t.Error("another body is taken")
				}
			}
			if verifiedBy(t, other, header, body) {
				t.Error("taken by another's key")
			}
			wh, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := wh.Verify(body, header); slices.Contains(c.wantVersions, "v1") != (err == nil) {
				t.Errorf("the official library: %v", err)
			}
		})
	}
}
