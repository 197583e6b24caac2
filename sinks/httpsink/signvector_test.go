package httpsink

import (
	"testing"

	"github.com/tailpost/tailpost/bridge/option"
)

// The specification has no vector of v1a. These are of its repository
// (standard-webhooks/standard-webhooks, TestAsymmetricWebhookSign in
// libraries/go/webhook_asymmetric_test.go), and of v1 of its Go library's
// TestWebhookSign.
func TestSignatureVectors(t *testing.T) {
	const id, timestamp, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", `{"test": 2432232314}`
	for _, c := range []struct{ name, secret, want string }{
		{name: "v1a", secret: "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
			want: "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="},
		{name: "v1", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", want: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	} {
		t.Run(c.name, func(t *testing.T) {
			key, err := parseSigningKey(option.NewSecret(c.secret))
			if err != nil {
				t.Fatal(err)
			}
			if got := (signer{key}).sign(id, timestamp, []byte(body)); got != c.want {
				t.Errorf("got %s", got)
			}
		})
	}
}
