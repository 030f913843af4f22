package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"secure-signing/signing"
)

// signed is the signer's answer.
type signed struct {
	Signature string `json:"signature"`
	KeyID     string `json:"key_id"`
}

// newSigner makes the client that signs its requests.
func newSigner() (*http.Client, error) {
	transport, err := signing.NewTransport(signing.Settings{})
	return &http.Client{Transport: transport}, err
}

// sign has a message signed by the signer of this Pod.
func sign(signer *http.Client, message string) (answer signed, err error) {
	body, err := json.Marshal(map[string]string{"message": message})
	if err != nil {
		return answer, err
	}
	response, err := signer.Post("http://localhost:8081/sign", "application/json", bytes.NewReader(body))
	if err != nil {
		return answer, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return answer, fmt.Errorf("the signer answered %s", response.Status)
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	return answer, err
}
