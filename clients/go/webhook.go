package signing

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"unicode/utf8"
)

// WebhookOptions are the optional parts of a webhook. The signer validates them. A zero value means that the part is not set, also
// an empty text. Only a list that is empty and not nil is sent, and the signer refuses it.
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
	if headers := readWebhook(response.StatusCode, answer, options.ID); headers != nil {
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
	var versions *[]int
	if options.ConsumerVersions != nil { // an empty list would otherwise become version 1
		versions = &options.ConsumerVersions
	}
	var content bytes.Buffer
	encoder := json.NewEncoder(&content)
	encoder.SetEscapeHTML(false) // escapes take more of the signer's limit
	err := encoder.Encode(struct {
		Body             string `json:"body"`
		Encoding         string `json:"encoding,omitempty"`
		Consumer         string `json:"consumer,omitempty"`
		ID               string `json:"id,omitempty"`
		ConsumerVersions *[]int `json:"consumer_versions,omitempty"`
		KeyID            string `json:"key_id,omitempty"`
	}{text, encoding, options.Consumer, options.ID, versions, options.KeyID})
	if err == nil && content.Len() > maxBody {
		detail := fmt.Sprintf("the request is longer than %d bytes", maxBody)
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Code: "payload_too_large", Detail: detail, Permanent: true}
	}
	return content.Bytes(), err
}

// webhookHeaders are what each header looks like. An id has no dot, because a dot separates what is signed.
var webhookHeaders = map[string]*regexp.Regexp{
	"webhook-id":        regexp.MustCompile(`^[!-\-/-~]{1,128}$`),
	"webhook-timestamp": regexp.MustCompile(`^[0-9]{1,12}$`),
	"webhook-signature": regexp.MustCompile(`^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$`),
}

// readWebhook returns nil if one of the headers is missing or malformed, or if the id is not the one that the caller chose.
func readWebhook(status int, answer []byte, id string) http.Header {
	var found struct{ Headers map[string]string }
	if status != http.StatusOK || json.Unmarshal(answer, &found) != nil {
		return nil
	}
	headers := http.Header{}
	for name, form := range webhookHeaders {
		if !form.MatchString(found.Headers[name]) {
			return nil
		}
		headers.Set(name, found.Headers[name])
	}
	if id != "" && headers.Get("webhook-id") != id {
		return nil
	}
	return headers
}
