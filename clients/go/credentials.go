package signing

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
)

// jws is the compact serialization of RFC 7515 section 7.1, which is safe in a header.
var jws = regexp.MustCompile(`^[\w-]+\.([\w-]+)\.[\w-]+$`)

type token struct {
	text    string
	expires time.Time
}

// callerToken reads the caller token. kubelet renews the file, so it is read again after a second. If the mesh refuses the new
// token, the one before serves until it expires. No error quotes a token.
type callerToken struct {
	file             string
	mutex            sync.Mutex
	newest, previous token
	refused          bool // the mesh refused the newest one
	readAt           time.Time
}

// read returns the token to send.
func (c *callerToken) read(now time.Time) (string, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.choose(now)
}

// refuse takes note that the mesh refused a token. It says whether read then returns something else.
func (c *callerToken) refuse(used string, now time.Time) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	// The previous one may be refused too, once the mesh has only the new key.
	c.refused = used == c.newest.text
	text, _ := c.choose(now)
	return text != used
}

func (c *callerToken) choose(now time.Time) (string, error) {
	if now.Sub(c.readAt) >= time.Second {
		found, err := readToken(c.file)
		if err != nil {
			return "", err
		}
		if found.text != c.newest.text {
			if !c.refused {
				c.previous = c.newest
			}
			c.newest, c.refused = found, false
		}
		c.readAt = now
	}
	if !now.Before(c.newest.expires) {
		return "", fmt.Errorf("signing: the caller token in %s has expired", c.file)
	}
	if c.refused && now.Before(c.previous.expires) {
		return c.previous.text, nil
	}
	return c.newest.text, nil
}

func readToken(file string) (token, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return token{}, fmt.Errorf("signing: cannot read the caller token: %w", err)
	}
	text := strings.TrimRight(string(content), " \t\r\n")
	if text == "" {
		return token{}, fmt.Errorf("signing: the caller token in %s is empty", file)
	}
	found := jws.FindStringSubmatch(text)
	if found == nil {
		return token{}, fmt.Errorf("signing: the caller token in %s is not a JWT", file)
	}
	var claims map[string]any
	payload, err := base64.RawURLEncoding.DecodeString(found[1])
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	expiry, isNumber := claims["exp"].(float64)
	if err != nil || !isNumber {
		// Without the error, because it may quote the payload.
		return token{}, fmt.Errorf("signing: the caller token in %s has no valid expiry", file)
	}
	return token{text, time.UnixMilli(int64(expiry * 1000))}, nil
}

const secretBytes = 32

// pairingSecret reads the secret that the signer makes at its start. No error quotes it.
type pairingSecret struct {
	file   string
	mutex  sync.Mutex
	secret []byte
}

func (p *pairingSecret) read() ([]byte, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.secret == nil {
		secret, err := os.ReadFile(p.file)
		if err != nil {
			return nil, fmt.Errorf("signing: cannot read the pairing secret: %w", err)
		}
		if len(secret) != secretBytes {
			return nil, fmt.Errorf("signing: the pairing secret in %s is not %d bytes long", p.file, secretBytes)
		}
		p.secret = secret
	}
	return p.secret, nil
}

// renew has the file read again. It says whether read then returns something else than the secret that the signer refused.
func (p *pairingSecret) renew(used []byte) bool {
	p.mutex.Lock()
	p.secret = nil
	p.mutex.Unlock()
	secret, _ := p.read()
	return !bytes.Equal(secret, used)
}
