package signing

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// vectors are the test vectors of all clients.
type vectors struct {
	Signatures []struct {
		Title, Secret, Method, Path string
		Body                        bodyVector
		Created                     int64
		Headers                     map[string]string
	}
	Tokens struct {
		Valid []struct {
			Title, File, Token string
			Exp                float64
		}
		Invalid []struct{ Title, File, Reason string }
	}
	Secrets struct {
		Invalid []struct{ Title, Secret, Reason string }
	}
	URLs struct {
		Valid []struct {
			URL, Host, Path, Socket string
			Port                    int
		}
		Invalid []string
	}
	Settings struct {
		Valid []struct {
			Title       string
			Environment map[string]string
			URL         string
			TokenFile   *string `json:"token_file"`
			SecretFile  *string `json:"secret_file"`
		}
		Invalid []struct {
			Title       string
			Environment map[string]string
			Variable    string
		}
	}
	Webhooks struct {
		Signatures []struct {
			Title string
			Body  bodyVector
		}
	}
}

type bodyVector struct {
	Text, Base64, Before, Repeat, After string
	Times                               int
}

func (b bodyVector) decode() []byte {
	if b.Base64 == "" {
		return []byte(b.Text + b.Before + strings.Repeat(b.Repeat, b.Times) + b.After)
	}
	body, _ := base64.StdEncoding.DecodeString(b.Base64)
	return body
}

func readVectors(t *testing.T) (found vectors) {
	text, err := os.ReadFile("../vectors.json")
	if err == nil {
		err = json.Unmarshal(text, &found)
	}
	if err != nil || len(found.Signatures) == 0 {
		t.Fatal("no vectors:", err)
	}
	return found
}

func TestVectorsOfSignatures(t *testing.T) {
	for _, each := range readVectors(t).Signatures {
		t.Run(each.Title, func(t *testing.T) {
			secret, _ := hex.DecodeString(each.Secret)
			request, _ := http.NewRequest(each.Method, "http://localhost:8081"+each.Path, nil)
			sign(request, secret, each.Body.decode(), time.Unix(each.Created, 0))
			for name, want := range each.Headers {
				if got := request.Header.Get(name); got != want {
					t.Errorf("%s: got %s, want %s", name, got, want)
				}
			}
		})
	}
}

func TestVectorsOfTokens(t *testing.T) {
	found := readVectors(t).Tokens
	for _, each := range found.Valid {
		t.Run(each.Title, func(t *testing.T) {
			file := &callerToken{file: write(t, each.File)}
			expiry := time.UnixMilli(int64(each.Exp * 1000))
			if got, err := file.read(expiry.Add(-time.Millisecond)); got != each.Token || err != nil {
				t.Errorf("got %s %v", got, err)
			}
			_, err := file.read(expiry)
			expectError(t, err, "has expired")
		})
	}
	for _, each := range found.Invalid {
		t.Run(each.Title, func(t *testing.T) {
			_, err := (&callerToken{file: write(t, each.File)}).read(time.Now())
			expectError(t, err, each.Reason)
		})
	}
}

func TestVectorsOfSecrets(t *testing.T) {
	for _, each := range readVectors(t).Secrets.Invalid {
		t.Run(each.Title, func(t *testing.T) {
			secret, _ := hex.DecodeString(each.Secret)
			_, err := (&pairingSecret{file: write(t, string(secret))}).read()
			expectError(t, err, each.Reason)
		})
	}
}

func TestVectorsOfURLs(t *testing.T) {
	found := readVectors(t).URLs
	for _, each := range found.Valid {
		t.Run(each.URL, func(t *testing.T) {
			settings := Settings{URL: each.URL}
			host := net.JoinHostPort(each.Host, strconv.Itoa(each.Port))
			if each.Socket != "" {
				settings.TokenFile, host = "none", "localhost:8081"
			}
			got, _, _, err := settings.read()
			if err != nil || got.socket != each.Socket || withPort(got.host) != host || got.path != each.Path {
				t.Errorf("got %+v %v", got, err)
			}
		})
	}
	for _, each := range found.Invalid {
		t.Run("refuses "+each, func(t *testing.T) {
			t.Setenv("SIGNER_URL", each)
			_, err := NewTransport(Settings{})
			expectError(t, err, "unix:/socket:/path")
		})
	}
}

func TestVectorsOfSettings(t *testing.T) {
	found := readVectors(t).Settings
	for _, each := range found.Valid {
		t.Run(each.Title, func(t *testing.T) {
			for name, value := range each.Environment {
				t.Setenv(name, value)
			}
			made, err := NewTransport(Settings{})
			if err != nil {
				t.Fatal(err)
			}
			var tokenFile, secretFile *string
			if made.token != nil {
				tokenFile = &made.token.file
			}
			if made.pairing != nil {
				secretFile = &made.pairing.file
			}
			expectText(t, tokenFile, each.TokenFile)
			expectText(t, secretFile, each.SecretFile)
			if want, _, _, _ := (Settings{URL: each.URL}).read(); made.target != want {
				t.Errorf("got %+v, want %+v", made.target, want)
			}
		})
	}
	for _, each := range found.Invalid {
		t.Run(each.Title, func(t *testing.T) {
			for name, value := range each.Environment {
				t.Setenv(name, value)
			}
			_, err := NewTransport(Settings{})
			expectError(t, err, "")
			if !strings.Contains(err.Error(), each.Variable) {
				t.Errorf("does not name %s: %v", each.Variable, err)
			}
		})
	}
}

func expectText(t *testing.T, got, want *string) {
	t.Helper()
	if (got == nil) != (want == nil) || got != nil && *got != *want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// expectError expects the end of an error message.
func expectError(t *testing.T, err error, reason string) {
	t.Helper()
	if err == nil || !strings.HasSuffix(err.Error(), reason) {
		t.Fatalf("got %v, want: %s", err, reason)
	}
}
