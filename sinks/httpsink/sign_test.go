package httpsink_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/tailpost/tailpost/bridge/option"
)

func signingSecret(fill string, n int) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, n)))
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
			var header http.Header
			var body []byte
			srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				header = r.Header.Clone()
				body, _ = io.ReadAll(r.Body)
			}))
			t.Cleanup(srv.Close)
			o := at(srv.URL)
			o.Body, o.SigningSecret, o.PreviousSigningSecret = "json", option.NewSecret(c.secret), option.NewSecret(c.previous)
			if _, de := deliver(t, newSink(t, o)); de != nil {
				t.Fatal(de)
			}
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
