package httpsink_test

import (
	"encoding/base64"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/httpsink"
)

func TestCheckTrust(t *testing.T) {
	secret := option.NewSecret("s3cr3t")
	for _, c := range []struct {
		name, env string
		set       func(*httpsink.Options)
		want      []string // beginnings, warnings left out
	}{
		{name: "https required", set: func(o *httpsink.Options) { o.URL, o.RequireHTTPS = "http://h/", true }, want: []string{"url: is http://, and require_https is set"}},
		{name: "of the token server too", set: func(o *httpsink.Options) {
			o.RequireHTTPS = true
			o.OAuth2.TokenURL, o.OAuth2.ClientID, o.OAuth2.ClientSecret = "http://h/", "id", secret
		}, want: []string{"oauth2.token_url: is http://"}},
		{name: "basic", set: func(o *httpsink.Options) { o.Username, o.Password = "u", secret }},
		{name: "no password", set: func(o *httpsink.Options) { o.Username = "u" }, want: []string{"username: has no password"}},
		{name: "no user", set: func(o *httpsink.Options) { o.Password = secret }, want: []string{"password: has no user name"}},
		{name: "a colon", set: func(o *httpsink.Options) { o.Username, o.Password = "a:b", secret }, want: []string{"username: has a colon"}},
		{name: "two ways", set: func(o *httpsink.Options) { o.Authorization, o.Username, o.Password = secret, "u", secret },
			want: []string{"username: there is authorization besides"}},
		{name: "half a token", set: func(o *httpsink.Options) { o.OAuth2.ClientID = "id" }, want: []string{"oauth2.token_url: is missing", "oauth2.client_secret_file: is missing"}},
		{name: "no prefix", set: func(o *httpsink.Options) { o.SigningSecret = secret }, want: []string{"signing_secret: does not begin with whsec_ or whsk_"}},
		{name: "no base64", set: func(o *httpsink.Options) { o.SigningSecret = option.NewSecret("whsec_s3cr3t!") }, want: []string{"signing_secret: has no base64"}},
		{name: "too short", set: func(o *httpsink.Options) { o.SigningSecret = option.NewSecret(signingSecret("x", 23)) }, want: []string{"signing_secret: has 23 bytes"}},
		{name: "a private key", set: func(o *httpsink.Options) { o.SigningSecret = option.NewSecret(privateKey(1, 32)) }},
		{name: "with its public key", set: func(o *httpsink.Options) { o.SigningSecret = option.NewSecret(privateKey(1, 64)) }},
		{name: "with another's public key", set: func(o *httpsink.Options) {
			b, _ := base64.StdEncoding.DecodeString(privateKey(1, 64)[len("whsk_"):])
			b[63] ^= 1
			o.SigningSecret = option.NewSecret("whsk_" + base64.StdEncoding.EncodeToString(b))
		}, want: []string{"signing_secret: has a public key behind whsk_ that isn't the private one's"}},
		{name: "a private key, no base64", set: func(o *httpsink.Options) { o.SigningSecret = option.NewSecret("whsk_s3cr3t!") }, want: []string{"signing_secret: has no base64 behind whsk_"}},
		{name: "a private key, cut short", set: func(o *httpsink.Options) { o.SigningSecret = option.NewSecret(privateKey(1, 33)) }, want: []string{"signing_secret: has 33 bytes behind whsk_, not 32 or 64"}},
		{name: "a public key", set: func(o *httpsink.Options) { o.SigningSecret = option.NewSecret("whpk_s3cr3t") }, want: []string{"signing_secret: is the public key"}},
		{name: "the old alone", set: func(o *httpsink.Options) { o.PreviousSigningSecret = option.NewSecret(signingSecret("x", 32)) },
			want: []string{"previous_signing_secret: has no signing_secret"}},
		{name: "no proxy", set: func(o *httpsink.Options) { o.Proxy.Proxy = "proxy:3128" }, want: []string{"proxy: is no URL of a proxy"}},
		{name: "userinfo", set: func(o *httpsink.Options) { o.Proxy.Proxy = "http://u:s3cr3t@proxy" }, want: []string{"proxy: has a user name or password"}},
		{name: "a user without a proxy", set: func(o *httpsink.Options) { o.ProxyUsername, o.ProxyPassword = "u", secret }, want: []string{"proxy_username: has no proxy"}},
		{name: "private, through a proxy", set: func(o *httpsink.Options) { o.AllowPrivate, o.Proxy.Proxy = false, "socks5://proxy" }, want: []string{"proxy: allow_private = false can't be kept"}},
		{name: "through the environment's", env: "http://u:s3cr3t@proxy", set: func(o *httpsink.Options) { o.AllowPrivate = false }, want: []string{"allow_private: allow_private = false can't be kept"}},
		{name: "the environment's turned off", env: "http://proxy", set: func(o *httpsink.Options) { o.AllowPrivate, o.Proxy.Proxy = false, "none" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("HTTPS_PROXY", c.env)
			o := at("https://example.com/")
			c.set(&o)
			var got []string
			for _, p := range o.Check(t.TempDir()) {
				if strings.Contains(p.String(), "s3cr3t") {
					t.Errorf("a secret is shown: %s", p)
				}
				if !p.Warning {
					got = append(got, p.String())
				}
			}
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestIsPublic(t *testing.T) {
	for addr, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1::1": true, "64:ff9b::5db8:d822": true, "2002:5db8:d822::1": true, "::ffff:93.184.216.34": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.31.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "100.100.100.200": false,
		"0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "168.63.129.16": false, "192.0.0.192": false,
		"::1": false, "::": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::7f00:1": false, "fe80::1%eth0": false, "fc00::1": false, "fd00:ec2::254": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2001::1": false, "ff02::1": false, "fec0::1": false,
	} {
		if got := httpsink.IsPublic(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v, want %v", addr, got, want)
		}
	}
}
