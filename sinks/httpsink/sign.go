package httpsink

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// Signing are the settings of signatures by Standard Webhooks 1.0.0 (v1).
// During a rotation a request carries one of each secret: a receiver that
// knows one of them takes it.
type Signing struct {
	SigningSecret     option.Secret `toml:"signing_secret"` // "whsec_" and base64 of 24 to 64 bytes
	SigningSecretFile string        `toml:"signing_secret_file"`
	SigningSecretEnv  string        `toml:"signing_secret_env"`

	PreviousSigningSecret     option.Secret `toml:"previous_signing_secret"`
	PreviousSigningSecretFile string        `toml:"previous_signing_secret_file"`
	PreviousSigningSecretEnv  string        `toml:"previous_signing_secret_env"`

	signing [2]option.Secret // as Check found them, the new one first
}

// signer signs with a key or two.
type signer [][]byte

const (
	signingPrefix = "whsec_"
	signingMin    = 24 // bytes
	signingMax    = 64
)

func (o *Signing) check(dir string) []option.Problem {
	const key, previous = "signing_secret", "previous_signing_secret"
	first, ps := option.ReadSecret(key, o.SigningSecret, o.SigningSecretFile, o.SigningSecretEnv, dir)
	second, more := option.ReadSecret(previous, o.PreviousSigningSecret, o.PreviousSigningSecretFile, o.PreviousSigningSecretEnv, dir)
	ps = append(ps, more...)
	o.signing = [2]option.Secret{first, second}
	for i, name := range []string{key, previous} {
		if !o.signing[i].IsSet() {
			continue
		}
		if _, err := signingKey(o.signing[i]); err != nil {
			ps = append(ps, option.Problem{Key: name, Text: err.Error(), Hint: `make one: echo "whsec_$(openssl rand -base64 32)"`})
		}
	}
	missing := o.SigningSecretFile == "" && o.SigningSecretEnv == "" && !o.SigningSecret.IsSet()
	if missing && second.IsSet() {
		ps = append(ps, option.Problem{Key: previous, Text: "has no signing_secret that follows it", Hint: "rename it to signing_secret, or leave it out"})
	}
	return ps
}

// signingKey reads a secret. Its error doesn't repeat it.
func signingKey(s option.Secret) ([]byte, error) {
	text, ok := strings.CutPrefix(s.Reveal(), signingPrefix)
	if strings.HasPrefix(s.Reveal(), "whsk_") {
		return nil, errors.New("is a private key (whsk_, for v1a), and this version signs with whsec_ secrets (v1) only")
	}
	if !ok {
		return nil, errors.New("does not begin with whsec_")
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("has no base64 behind whsec_")
	}
	if len(key) < signingMin || len(key) > signingMax {
		return nil, fmt.Errorf("has %d bytes behind whsec_, not %d to %d", len(key), signingMin, signingMax)
	}
	return key, nil
}

// signer gives what signs requests; of options that weren't checked the
// secrets that stand in them.
func (o *Signing) signer() (signer, error) {
	secrets := o.signing
	if !secrets[0].IsSet() && !secrets[1].IsSet() {
		secrets = [2]option.Secret{o.SigningSecret, o.PreviousSigningSecret}
	}
	var keys signer
	for _, s := range secrets {
		if !s.IsSet() {
			continue
		}
		key, err := signingKey(s)
		if err != nil {
			return nil, fmt.Errorf("signing_secret: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// sign gives the webhook-signature of a request: by each key, parted by
// blanks.
func (k signer) sign(id, timestamp string, body []byte) string {
	var out []byte
	for _, key := range k {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id))
		mac.Write([]byte{'.'})
		mac.Write([]byte(timestamp))
		mac.Write([]byte{'.'})
		mac.Write(body)
		if len(out) > 0 {
			out = append(out, ' ')
		}
		out = append(out, "v1,"...)
		out = base64.StdEncoding.AppendEncode(out, mac.Sum(nil))
	}
	return string(out)
}

// signingSecrets gives what is not to be shown.
func (o *Signing) signingSecrets() (out []string) {
	for _, s := range []option.Secret{o.signing[0], o.signing[1], o.SigningSecret, o.PreviousSigningSecret} {
		out = append(out, s.Reveal(), strings.TrimPrefix(s.Reveal(), signingPrefix))
	}
	return out
}
