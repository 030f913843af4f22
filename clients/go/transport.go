// Package signing lets an http.Client call the signer of its Pod. The transport adds the credentials to each request:
//
//	transport, err := signing.NewTransport(signing.Settings{})
//	client := &http.Client{Transport: transport}
//	answer, err := client.Post("http://localhost:8081/sign", "application/json", body)
package signing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"
)

const (
	maxBody      = 64 << 10
	maxBatchBody = 4 << 20
	maxAnswer    = 256 << 10
)

// Transport is an http.RoundTripper. It is safe for concurrent use.
type Transport struct {
	target  target
	timeout time.Duration
	token   *callerToken   // nil if the setting is none
	pairing *pairingSecret // nil if the setting is none
	base    *http.Transport
	now     func() time.Time
}

// NewTransport makes a transport. Its error names each invalid setting. It reads no file yet.
func NewTransport(settings Settings) (*Transport, error) {
	target, tokenFile, secretFile, err := settings.read()
	if err != nil {
		return nil, err
	}
	t := &Transport{target: target, timeout: settings.Timeout, now: time.Now}
	if t.timeout == 0 {
		t.timeout = DefaultTimeout
	}
	if tokenFile != none {
		t.token = &callerToken{file: tokenFile}
	}
	if secretFile != none {
		t.pairing = &pairingSecret{file: secretFile}
	}
	// Without Proxy, so no proxy of the environment receives a credential.
	t.base = &http.Transport{
		DialContext:         target.dial,
		DisableCompression:  true,
		MaxIdleConnsPerHost: 128,
		IdleConnTimeout:     time.Minute, // sooner than the signer's proxy closes an idle connection
	}
	return t, nil
}

// RoundTrip sends a request to the signer and reads the whole answer. It tries once more if the signer refused the credentials
// and there are others meanwhile, if nothing listened, or if an idle connection was closed before an answer. That is safe,
// because signing twice does no harm.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body != nil {
		defer request.Body.Close()
	}
	if err := t.target.check(request.URL); err != nil {
		return nil, err
	}
	// A context of its own: a trace in the one of the request would receive the credentials (net/http/httptrace).
	ctx, cancel := context.WithTimeout(context.Background(), t.timeout)
	defer cancel()
	defer context.AfterFunc(request.Context(), cancel)()
	body, err := readBody(request)
	if err != nil {
		return nil, err
	}
	response, used, err := t.attempt(ctx, request, body)
	if t.hasAnother(used, response, err) {
		response, _, err = t.attempt(ctx, request, body)
	}
	switch {
	case err == nil:
		return response, nil
	case request.Context().Err() != nil:
		return nil, request.Context().Err()
	case ctx.Err() != nil:
		return nil, timeoutError(fmt.Sprintf("signing: the signer did not answer within %s", t.timeout))
	}
	return nil, err
}

// hasAnother says whether a second attempt may succeed.
func (t *Transport) hasAnother(used credentials, response *http.Response, err error) bool {
	switch {
	case err != nil:
		return errors.Is(err, syscall.ECONNREFUSED)
	case response.StatusCode == http.StatusUnauthorized && t.token != nil:
		return t.token.refuse(used.token, t.now())
	case response.StatusCode == http.StatusForbidden && t.pairing != nil: // after a restart the signer has a new secret
		return t.pairing.renew(used.secret)
	}
	return false
}

// credentials are those of one attempt.
type credentials struct {
	token  string
	secret []byte
}

func (t *Transport) attempt(ctx context.Context, request *http.Request, body []byte) (_ *http.Response, used credentials, err error) {
	url := "http://" + t.target.host + request.URL.RequestURI()
	out, err := http.NewRequestWithContext(ctx, request.Method, url, bytes.NewReader(body))
	if err != nil {
		return nil, used, err
	}
	for name, values := range request.Header {
		out.Header[name] = values
	}
	if t.token != nil {
		if used.token, err = t.token.read(t.now()); err != nil {
			return nil, used, err
		}
		out.Header.Set("Caller-Token", used.token)
	}
	if t.pairing != nil {
		if used.secret, err = t.pairing.read(); err != nil {
			return nil, used, err
		}
		sign(out, used.secret, body, t.now())
	}
	// Without it the signer answers in the form of version 0.1.
	out.Header.Set("X-Json-Case", "snake")
	// An http.Transport then sends the request again after an idle connection was closed. The header itself is not sent.
	out.Header["Idempotency-Key"] = nil
	response, err := t.base.RoundTrip(out)
	if err != nil {
		return nil, used, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, used, err
	}
	if len(answer) > maxAnswer {
		return nil, used, fmt.Errorf("signing: the signer's answer is longer than %d bytes", maxAnswer)
	}
	response.Body = io.NopCloser(bytes.NewReader(answer))
	response.Request = request // not `out`, which has the credentials
	return response, used, nil
}

// CloseIdleConnections is what the method of http.Client with this name calls.
func (t *Transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

func readBody(request *http.Request) ([]byte, error) {
	if request.Body == nil {
		return nil, nil
	}
	limit := int64(maxBody)
	if strings.HasSuffix(request.URL.Path, "/batch") {
		limit = maxBatchBody
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, request.Body, limit))
	if err != nil {
		return nil, fmt.Errorf("signing: the body, at most %d bytes, cannot be read: %w", limit, err)
	}
	return body, nil
}

// timeoutError says that the deadline for all attempts is over.
type timeoutError string

func (e timeoutError) Error() string        { return string(e) }
func (e timeoutError) Timeout() bool        { return true }
func (e timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }
