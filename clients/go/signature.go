package signing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"
)

// sign adds an HTTP Message Signature (RFC 9421) with hmac-sha256 to a request. It covers the method, the path and the digest
// of the body. The signer accepts no other components and no other order.
func sign(request *http.Request, secret, body []byte, created time.Time) {
	path := request.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	sum := sha256.Sum256(body)
	digest := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	params := fmt.Sprintf(`("@method" "@path" "content-digest");created=%d;keyid="pairing";alg="hmac-sha256"`, created.Unix())
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "\"@method\": %s\n\"@path\": %s\n\"content-digest\": %s\n\"@signature-params\": %s",
		request.Method, path, digest, params)
	request.Header.Set("Content-Digest", digest)
	request.Header.Set("Signature-Input", "sig1="+params)
	request.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(mac.Sum(nil))+":")
}
