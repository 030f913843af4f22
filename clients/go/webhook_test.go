package signing

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	mac           = "v1,Az0+/Az0+/Az0+/Az0+/Az0+/Az0+/Az0+/Az0+/abc="
	signedWebhook = `{"headers":{"webhook-id":"msg_1","webhook-timestamp":"1764445000","webhook-signature":"` + mac + " " + mac + `"},"key_ids":["webhook-1"]}`
)

// askedFor is what a signer receives.
type askedFor struct {
	Body, Encoding, Consumer, ID string
	ConsumerVersions             []int  `json:"consumer_versions"`
	KeyID                        string `json:"key_id"`
}

// answerWith starts a signer that gives the same answer to each request.
func answerWith(t *testing.T, status int, body string, headers ...string) (*signer, *Transport) {
	signer := startSigner(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
	transport, _, _ := makeTransport(t, signer.URL)
	return signer, transport
}

// refusalOf expects an *Error.
func refusalOf(t *testing.T, transport *Transport, body []byte) *Error {
	t.Helper()
	var refusal *Error
	headers, err := transport.SignWebhook(context.Background(), body, WebhookOptions{})
	if !errors.As(err, &refusal) || headers != nil {
		t.Fatalf("got %v %v", headers, err)
	}
	return refusal
}

func TestSignsAWebhook(t *testing.T) {
	signer, _ := answerWith(t, 200, signedWebhook)
	transport, _, _ := makeTransport(t, signer.URL+"/v1")
	options := WebhookOptions{Consumer: "acme", ID: "msg_1", ConsumerVersions: []int{2, 1}, KeyID: "webhook-1"}
	headers, err := transport.SignWebhook(context.Background(), []byte("Grüße"), options)
	expect(t, err, nil)
	want := map[string]string{"webhook-id": "msg_1", "webhook-timestamp": "1764445000", "webhook-signature": mac + " " + mac}
	expect(t, len(headers), len(want))
	for name, value := range want {
		expect(t, headers.Get(name), value)
	}
	request := signer.requests()[0]
	expect(t, request.Method+" "+request.URL.Path+" "+request.Header.Get("Content-Type"), "POST /v1/sign application/json")
	expect(t, received(t, signer), askedFor{Body: "Grüße", Consumer: "acme", ID: "msg_1", ConsumerVersions: []int{2, 1}, KeyID: "webhook-1"})
}

func TestSendsOnlyTheOptionsThatAreGiven(t *testing.T) {
	signer, transport := answerWith(t, 200, signedWebhook)
	_, err := transport.SignWebhook(context.Background(), nil, WebhookOptions{})
	expect(t, err, nil)
	body, _ := io.ReadAll(signer.requests()[0].Body)
	expect(t, strings.TrimSpace(string(body)), `{"body":""}`)
}

func TestSendsAnEmptyListOfVersions(t *testing.T) {
	signer, transport := answerWith(t, 200, signedWebhook)
	_, err := transport.SignWebhook(context.Background(), nil, WebhookOptions{Consumer: "acme", ConsumerVersions: []int{}})
	expect(t, err, nil)
	body, _ := io.ReadAll(signer.requests()[0].Body)
	expect(t, strings.TrimSpace(string(body)), `{"body":"","consumer":"acme","consumer_versions":[]}`)
}

func TestReturnsTheHeadersOfNoOtherWebhook(t *testing.T) {
	_, transport := answerWith(t, 200, signedWebhook)
	for _, id := range []string{"msg_2", "msg", "MSG_1"} {
		var refusal *Error
		headers, err := transport.SignWebhook(context.Background(), nil, WebhookOptions{ID: id})
		if !errors.As(err, &refusal) || headers != nil || refusal.Code != "signer_unavailable" || refusal.Permanent {
			t.Errorf("got %v %v", headers, err)
		}
	}
}

func TestReturnsNoMalformedHeaders(t *testing.T) {
	for name, values := range map[string][]string{
		"webhook-id":        {"", "msg.1", "msg 1", "msg_ü", strings.Repeat("a", 129), "msg_1\n"},
		"webhook-timestamp": {"", "-1", "1764445000.5", "٣", "1764445000\n"},
		"webhook-signature": {"", mac[3:], "v2," + mac[3:], mac[:len(mac)-5], "v1,-" + mac[4:], mac + "  " + mac, mac + " ", mac + "," + mac,
			mac + "\n", mac + "\r\na: b"},
	} {
		for _, value := range values {
			headers := map[string]string{"webhook-id": "msg_1", "webhook-timestamp": "1764445000", "webhook-signature": mac, name: value}
			answer, _ := json.Marshal(map[string]any{"headers": headers})
			_, transport := answerWith(t, 200, string(answer))
			expect(t, refusalOf(t, transport, nil).Code, "signer_unavailable")
		}
	}
}

func TestVectorsOfWebhookBodies(t *testing.T) {
	signer, transport := answerWith(t, 200, signedWebhook)
	for _, each := range readVectors(t).Webhooks.Signatures {
		t.Run(each.Title, func(t *testing.T) {
			signer.forget()
			_, err := transport.SignWebhook(context.Background(), each.Body.decode(), WebhookOptions{})
			expect(t, err, nil)
			got := received(t, signer)
			sent, want := []byte(got.Body), ""
			if each.Body.Base64 != "" {
				want = "base64"
				sent, _ = base64.StdEncoding.DecodeString(got.Body)
			}
			expect(t, got.Encoding, want)
			if !bytes.Equal(sent, each.Body.decode()) {
				t.Errorf("got %q", sent)
			}
		})
	}
}

func received(t *testing.T, signer *signer) (got askedFor) {
	t.Helper()
	body, _ := io.ReadAll(signer.requests()[0].Body)
	expect(t, json.Unmarshal(body, &got), nil)
	return got
}

func TestSaysWhatTheSignerRefused(t *testing.T) {
	for _, each := range []struct {
		want       Error
		retryAfter string
	}{
		{Error{Status: 400, Code: "ambiguous_body", Field: "body", Permanent: true}, ""},
		{Error{Status: 400, Code: "invalid_request", Field: "consumer", Permanent: true}, ""},
		{Error{Status: 400, Code: "invalid_request", Field: "consumer_versions.0", Permanent: true}, ""},
		{Error{Status: 400, Code: "invalid_request", Field: "key_id"}, ""}, // also if there is no webhook key
		{Error{Status: 400, Code: "invalid_request"}, ""},
		{Error{Status: 413, Code: "payload_too_large", Permanent: true}, ""},
		{Error{Status: 429, Code: "rate_limited", RetryAfter: 7 * time.Second}, "7"},
		{Error{Status: 503, Code: "key_unavailable", RetryAfter: time.Second}, "1"},
		{Error{Status: 503, Code: "frozen"}, ""},
		{Error{Status: 403, Code: "pairing_refused"}, ""},
		{Error{Status: 500, Code: "internal"}, "-1"},
	} {
		t.Run(each.want.Code, func(t *testing.T) {
			each.want.Detail, each.want.RequestID = "why", "id-1"
			problem, _ := json.Marshal(map[string]any{
				"status": each.want.Status, "code": each.want.Code, "field": each.want.Field, "detail": "why", "request_id": "id-1",
			})
			_, transport := answerWith(t, each.want.Status, string(problem), "Retry-After", each.retryAfter)
			got := refusalOf(t, transport, nil)
			if !reflect.DeepEqual(*got, each.want) {
				t.Errorf("got %+v", *got)
			}
			expectError(t, got, " "+each.want.Code+": why")
		})
	}
}

func TestNamesASignerOfAnEarlierVersion(t *testing.T) {
	_, transport := answerWith(t, 400, `{"code":"invalid_request","field":"message","detail":"message: must be a string"}`)
	refusal := refusalOf(t, transport, nil)
	expectError(t, refusal, "this signer does not know webhooks: deploy version 0.2 of it, or a later one")
	expect(t, refusal.Permanent, false)
}

func TestQuotesAnAnswerThatIsNotTheSigners(t *testing.T) {
	for _, each := range []struct {
		status int
		body   string
	}{
		{403, "RBAC: access denied"}, {400, "Bad Request"}, {503, ""}, {200, "hello"}, {200, "{}"}, {200, `{"headers":null}`}, {302, ""},
		{200, strings.Replace(signedWebhook, "webhook-id", "other", 1)}, {200, strings.Replace(signedWebhook, `"msg_1"`, "1", 1)},
	} {
		t.Run(each.body, func(t *testing.T) {
			_, transport := answerWith(t, each.status, each.body, "Location", "http://localhost:8081/sign")
			refusal := refusalOf(t, transport, nil)
			expect(t, *refusal, Error{Status: each.status, Code: "signer_unavailable", Detail: refusal.Detail})
			if !strings.Contains(refusal.Detail, "begins: \""+strings.ReplaceAll(each.body[:min(len(each.body), 20)], `"`, `\"`)) {
				t.Error(refusal)
			}
		})
	}
}

func TestRefusesALongWebhookForGood(t *testing.T) {
	signer, transport := answerWith(t, 200, signedWebhook)
	refusal := refusalOf(t, transport, bytes.Repeat([]byte("a"), maxBody))
	expect(t, []any{refusal.Status, refusal.Code, refusal.Permanent}, []any{413, "payload_too_large", true})
	expect(t, len(signer.requests()), 0)
	// Characters that JSON need not escape take one byte.
	_, err := transport.SignWebhook(context.Background(), bytes.Repeat([]byte("<&>"), maxBody/4), WebhookOptions{})
	expect(t, err, nil)
}

func TestReturnsTheErrorsOfTheTransport(t *testing.T) {
	signer, transport := answerWith(t, 200, signedWebhook)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := transport.SignWebhook(ctx, nil, WebhookOptions{})
	expect(t, errors.Is(err, context.Canceled), true)
	signer.Close()
	_, err = transport.SignWebhook(context.Background(), nil, WebhookOptions{})
	expect(t, errors.Is(err, syscall.ECONNREFUSED), true)
}
