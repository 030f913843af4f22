package signing

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error says why the signer did not sign. It does not quote the body.
type Error struct {
	// Status is that of the answer.
	Status int
	// Code is an error code of the signer. It is signer_unavailable if the answer has none.
	Code string
	// Field is the field of the request that is wrong.
	Field string
	// Detail is for people.
	Detail string
	// RequestID is the id of the request in the logs of the signer.
	RequestID string
	// Permanent says that the same call fails again, so that only another body, id or consumer helps.
	Permanent bool
	// RetryAfter is when the same call may succeed. It is zero if the signer does not say so.
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	return fmt.Sprintf("signing: the signer answered %d %s: %s", e.Status, e.Code, e.Detail)
}

// explain makes the error of an answer.
func explain(response *http.Response, answer []byte) *Error {
	var problem struct {
		Code, Field, Detail string
		RequestID           string `json:"request_id"`
	}
	err := json.Unmarshal(answer, &problem)
	e := &Error{Status: response.StatusCode, Code: problem.Code, Field: problem.Field, Detail: problem.Detail, RequestID: problem.RequestID}
	switch {
	case err != nil || problem.Code == "":
		e.Code = "signer_unavailable"
		e.Detail = fmt.Sprintf("it is not the signer's answer to a webhook, and begins: %.200q", answer)
	case problem.Code == "invalid_request" && problem.Field == "message": // the form that it knows has this field
		e.Detail = "this signer does not know webhooks: deploy version 0.2 of it, or a later one"
	case problem.Code == "invalid_request":
		e.Permanent = isChosen(problem.Field)
	default:
		e.Permanent = problem.Code == "ambiguous_body" || problem.Code == "payload_too_large"
	}
	seconds, _ := strconv.ParseUint(response.Header.Get("Retry-After"), 10, 31)
	e.RetryAfter = time.Duration(seconds) * time.Second
	return e
}

// isChosen says that the caller chose the field. An error about another one means that an operator has to add a key.
func isChosen(field string) bool {
	field, _, _ = strings.Cut(field, ".")
	return field == "id" || field == "consumer" || field == "consumer_versions"
}
