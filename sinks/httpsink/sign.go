package httpsink

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// Signing are the settings of signatures by Standard Webhooks 1.0.0: v1 with a
// secret that both sides know ("whsec_" and base64 of 24 to 64 bytes), v1a with
// a private key of ed25519 ("whsk_" and base64 of its seed of 32 bytes, or of
// seed and public key, 64). During a rotation a request carries one of each, of
// either kind: a receiver that knows one of them takes it.
type Signing struct {
	SigningSecret     option.Secret `toml:"signing_secret" doc:"signs requests by Standard Webhooks: whsec_ and base64 of 24 to 64 bytes (v1), or a private key, whsk_ (v1a)"`
	SigningSecretFile string        `toml:"signing_secret_file"`
	SigningSecretEnv  string        `toml:"signing_secret_env"`

	PreviousSigningSecret     option.Secret `toml:"previous_signing_secret" doc:"during a rotation: both sign"`
	PreviousSigningSecretFile string        `toml:"previous_signing_secret_file"`
	PreviousSigningSecretEnv  string        `toml:"previous_signing_secret_env"`

	signing [2]option.Secret // as Check found them, the new one first
}

// signer signs with a key or two.
type signer []signingKey

// signingKey is a secret or a private key.
type signingKey struct {
	secret  []byte             // v1
	private ed25519.PrivateKey // v1a
}

const (
	signingPrefix = "whsec_"
	signingMin    = 24 // bytes
	signingMax    = 64

	privatePrefix = "whsk_"
	publicPrefix  = "whpk_"
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
		if _, err := parseSigningKey(o.signing[i]); err != nil {
			ps = append(ps, option.Problem{Key: name, Text: err.Error(), Hint: `make one: echo "whsec_$(openssl rand -base64 32)"`})
		}
	}
	missing := o.SigningSecretFile == "" && o.SigningSecretEnv == "" && !o.SigningSecret.IsSet()
	if missing && second.IsSet() {
		ps = append(ps, option.Problem{Key: previous, Text: "has no signing_secret that follows it", Hint: "rename it to signing_secret, or leave it out"})
	}
	return ps
}

// parseSigningKey reads a secret. Its error doesn't repeat it.
func parseSigningKey(s option.Secret) (signingKey, error) {
	if text, ok := strings.CutPrefix(s.Reveal(), privatePrefix); ok {
		private, err := parsePrivateKey(text)
		return signingKey{private: private}, err
	}
	if strings.HasPrefix(s.Reveal(), publicPrefix) {
		return signingKey{}, errors.New("is the public key (whpk_), which receivers have: whsk_ signs")
	}
	text, ok := strings.CutPrefix(s.Reveal(), signingPrefix)
	if !ok {
		return signingKey{}, errors.New("does not begin with whsec_ or whsk_")
	}
	secret, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return signingKey{}, errors.New("has no base64 behind whsec_")
	}
	if len(secret) < signingMin || len(secret) > signingMax {
		return signingKey{}, fmt.Errorf("has %d bytes behind whsec_, not %d to %d", len(secret), signingMin, signingMax)
	}
	return signingKey{secret: secret}, nil
}

// parsePrivateKey reads what stands behind whsk_. The specification wants "a
// standard ed25519 key pair" there: its own libraries read the seed, others
// write seed and public key.
func parsePrivateKey(text string) (ed25519.PrivateKey, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	switch {
	case err != nil:
		return nil, errors.New("has no base64 behind whsk_")
	case len(b) != ed25519.SeedSize && len(b) != ed25519.PrivateKeySize:
		return nil, fmt.Errorf("has %d bytes behind whsk_, not %d or %d", len(b), ed25519.SeedSize, ed25519.PrivateKeySize)
	}
	key := ed25519.NewKeyFromSeed(b[:ed25519.SeedSize])
	// A public half that is another's would make signatures that give the
	// private one away.
	if len(b) == ed25519.PrivateKeySize && !bytes.Equal(key, b) {
		return nil, errors.New("has a public key behind whsk_ that isn't the private one's")
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
		key, err := parseSigningKey(s)
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
	signed := make([]byte, 0, len(id)+len(timestamp)+2+len(body))
	signed = append(append(append(signed, id...), '.'), timestamp...)
	signed = append(append(signed, '.'), body...)
	var out []byte
	for _, key := range k {
		if len(out) > 0 {
			out = append(out, ' ')
		}
		out = key.appendSignature(out, signed)
	}
	return string(out)
}

func (k signingKey) appendSignature(out, signed []byte) []byte {
	if k.private != nil {
		return base64.StdEncoding.AppendEncode(append(out, "v1a,"...), ed25519.Sign(k.private, signed))
	}
	mac := hmac.New(sha256.New, k.secret)
	mac.Write(signed)
	return base64.StdEncoding.AppendEncode(append(out, "v1,"...), mac.Sum(nil))
}

// signingSecrets gives what is not to be shown.
func (o *Signing) signingSecrets() (out []string) {
	for _, s := range []option.Secret{o.signing[0], o.signing[1], o.SigningSecret, o.PreviousSigningSecret} {
		text := s.Reveal()
		out = append(out, text, strings.TrimPrefix(strings.TrimPrefix(text, signingPrefix), privatePrefix))
	}
	return out
}
