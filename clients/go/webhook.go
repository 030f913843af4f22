package signing

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"
)

// WebhookOptions are the optional parts of a webhook. The signer validates them.
type WebhookOptions struct {
	// Consumer is the receiver that has a secret of its own. Without it, the secret is the webhook key itself.
	Consumer string
	// ID is the same for each attempt to send a webhook. Without it, the signer makes one.
	ID string
	// ConsumerVersions are the versions of the consumer's secret: one, or two while it changes. The default is version 1.
	ConsumerVersions []int
	// KeyID is the only key to sign with. Without it, each active webhook key signs.
	KeyID string
}

// SignWebhook returns the three headers of Standard Webhooks to send with body. If the signer refuses, the error is an *Error.
func (t *Transport) SignWebhook(ctx context.Context, body []byte, options WebhookOptions) (http.Header, error) {
	content, err := askForWebhook(body, options)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.target.host+t.target.path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := t.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if headers := readWebhook(response.StatusCode, answer); headers != nil {
		return headers, nil
	}
	return nil, explain(response, answer)
}

// askForWebhook returns the body of the request to the signer.
func askForWebhook(body []byte, options WebhookOptions) ([]byte, error) {
	text, encoding := string(body), ""
	if !utf8.Valid(body) {
		text, encoding = base64.StdEncoding.EncodeToString(body), "base64"
	}
	var content bytes.Buffer
	encoder := json.NewEncoder(&content)
	encoder.SetEscapeHTML(false) // escapes take more of the signer's limit
	err := encoder.Encode(struct {
		Body             string `json:"body"`
		Encoding         string `json:"encoding,omitempty"`
		Consumer         string `json:"consumer,omitempty"`
		ID               string `json:"id,omitempty"`
		ConsumerVersions []int  `json:"consumer_versions,omitempty"`
		KeyID            string `json:"key_id,omitempty"`
	}{text, encoding, options.Consumer, options.ID, options.ConsumerVersions, options.KeyID})
	if err == nil && content.Len() > maxBody {
		detail := fmt.Sprintf("the request is longer than %d bytes", maxBody)
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Code: "payload_too_large", Detail: detail, Permanent: true}
	}
	return content.Bytes(), err
}

// readWebhook returns nil if one of the headers is missing.
func readWebhook(status int, answer []byte) http.Header {
	var found struct{ Headers map[string]string }
	if status != http.StatusOK || json.Unmarshal(answer, &found) != nil {
		return nil
	}
	headers := http.Header{}
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		if found.Headers[name] == "" {
			return nil
		}
		headers.Set(name, found.Headers[name])
	}
	return headers
}
