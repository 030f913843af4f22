package signing

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"
)

// DefaultTimeout is the deadline for a request with all attempts.
const DefaultTimeout = 900 * time.Millisecond

// none disables a credential.
const none = "none"

// Settings say where the signer and the credentials are. An empty field takes its value from the environment, or else its
// default. An application beside the signer needs only the zero value.
type Settings struct {
	// URL is http://host:port/path, or unix:/path/of/socket:/path. It comes from SIGNER_URL. The default is
	// http://localhost:8081/sign.
	URL string
	// TokenFile is a path, or none. It comes from CALLER_TOKEN_FILE. The default is /run/identity/token.
	TokenFile string
	// SecretFile is a path, or none. It comes from PAIRING_SECRET_FILE. The default is /run/pairing/secret.
	SecretFile string
	// Timeout covers all attempts of a request. The default is DefaultTimeout.
	Timeout time.Duration
}

var overSocket = regexp.MustCompile(`^unix:((?:/[\w.-]+)+):((?:/[\w.-]+)+)$`)

func (s Settings) read() (t target, tokenFile, secretFile string, err error) {
	address := choose(s.URL, "SIGNER_URL", "http://localhost:8081/sign")
	tokenFile = choose(s.TokenFile, "CALLER_TOKEN_FILE", "/run/identity/token")
	secretFile = choose(s.SecretFile, "PAIRING_SECRET_FILE", "/run/pairing/secret")
	var problems []error
	require := func(holds bool, problem string) {
		if !holds {
			problems = append(problems, errors.New("signing: "+problem))
		}
	}
	require(isPath(tokenFile), "CALLER_TOKEN_FILE must be an absolute path, or the word none")
	require(isPath(secretFile), "PAIRING_SECRET_FILE must be an absolute path, or the word none")
	require(s.Timeout >= 0, "Timeout must not be negative")
	if found := overSocket.FindStringSubmatch(address); found != nil {
		t = target{socket: found[1], host: usualHost, path: found[2]}
		// No mesh checks a token there, so pairing is the only control.
		require(tokenFile == none, "CALLER_TOKEN_FILE must be none if SIGNER_URL is a socket")
		require(secretFile != none, "PAIRING_SECRET_FILE must be set if SIGNER_URL is a socket")
	} else {
		parsed, err := url.Parse(address)
		isPlain := err == nil && parsed.Host != "" && parsed.String() == "http://"+parsed.Host+parsed.EscapedPath()
		require(isPlain, "SIGNER_URL must be an http: URL without user, query or fragment, or unix:/socket:/path")
		if isPlain {
			t = target{host: parsed.Host, path: parsed.EscapedPath()}
		}
	}
	return t, tokenFile, secretFile, errors.Join(problems...)
}

func choose(given, variable, fallback string) string {
	if given != "" {
		return given
	}
	if value, isSet := os.LookupEnv(variable); isSet {
		return value
	}
	return fallback
}

func isPath(value string) bool { return value == none || strings.HasPrefix(value, "/") }

// usualHost is where applications call the signer, wherever SIGNER_URL says that it is.
const usualHost = "localhost:8081"

// target is where requests go.
type target struct {
	host   string // what the header Host says
	socket string // empty without one
	path   string // where SignWebhook sends its request
}

// check refuses each URL that is not the signer's, because nobody else may receive the credentials.
func (t target) check(address *url.URL) error {
	host := withPort(address.Host)
	if address.Scheme == "http" && (host == usualHost || host == withPort(t.host)) {
		return nil
	}
	return fmt.Errorf("signing: the signer is at http://%s: set SIGNER_URL, or use another http.Client for other URLs", t.host)
}

func withPort(host string) string {
	if strings.LastIndex(host, ":") <= strings.LastIndex(host, "]") {
		host += ":80"
	}
	return strings.ToLower(host)
}

// dial connects to the socket or the host. For localhost it takes IPv4, where the signer's proxy listens, because another
// container of the Pod may listen on ::1.
func (t target) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if t.socket != "" {
		network, address = "unix", t.socket
	} else if strings.HasPrefix(strings.ToLower(address), "localhost:") {
		network = "tcp4"
	}
	// An http.Transport goes on to connect after the deadline of a request.
	dialer := net.Dialer{Timeout: 10 * time.Second}
	return dialer.DialContext(ctx, network, address)
}
