package signing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const answer = `{"signature":"ab","key_id":"a","algorithm":"HMAC-SHA256"}`

// secretOf returns a pairing secret.
func secretOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}

// tokenOf returns a token that is valid for some seconds.
func tokenOf(seconds int) string {
	claims := fmt.Sprintf(`{"exp":%d}`, time.Now().Unix()+int64(seconds))
	return "hunter2." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// write makes a file and returns its path.
func write(t *testing.T, content string) string {
	file := filepath.Join(t.TempDir(), "file")
	replace(t, file, content)
	return file
}

// replace replaces a file in one step, as kubelet and the signer do.
func replace(t *testing.T, file, content string) {
	if err := os.WriteFile(file+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// signer is a fake one. `serve` answers the request with this number, from 1 on.
type signer struct {
	*httptest.Server
	mutex sync.Mutex
	seen  []*http.Request
}

func startSigner(t *testing.T, serve func(number int, w http.ResponseWriter, r *http.Request)) *signer {
	s := &signer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The context of a request ends with its connection only after its body is read.
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.mutex.Lock()
		s.seen = append(s.seen, r)
		number := len(s.seen)
		s.mutex.Unlock()
		serve(number, w, r)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func serveAnswer(_ int, w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) }

func (s *signer) requests() []*http.Request {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.seen
}

func (s *signer) forget() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.seen = nil
}

// tokens returns the token of each request.
func (s *signer) tokens() (tokens []string) {
	for _, each := range s.requests() {
		tokens = append(tokens, each.Header.Get("Caller-Token"))
	}
	return tokens
}

// makeTransport makes a transport with valid files.
func makeTransport(t *testing.T, url string) (transport *Transport, tokenFile, secretFile string) {
	tokenFile, secretFile = write(t, tokenOf(600)), write(t, secretOf("first"))
	transport, err := NewTransport(Settings{URL: url + "/sign", TokenFile: tokenFile, SecretFile: secretFile, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport, tokenFile, secretFile
}

func post(transport http.RoundTripper, url, body string) (status int, text string, err error) {
	response, err := (&http.Client{Transport: transport}).Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	bytes, err := io.ReadAll(response.Body)
	return response.StatusCode, string(bytes), err
}

func expect(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

type closable struct {
	io.Reader
	closed bool
}

func (c *closable) Close() error { c.closed = true; return nil }

func TestSendsTheRequestWithCredentialsAndLeavesItUnchanged(t *testing.T) {
	body := `{"message":"a"}`
	signer := startSigner(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		expect(t, string(sent), body)
		expect(t, r.ContentLength, int64(len(body)))
		io.WriteString(w, answer)
	})
	transport, tokenFile, _ := makeTransport(t, signer.URL)
	given := &closable{Reader: strings.NewReader(body)}
	request, _ := http.NewRequest("POST", signer.URL+"/sign", given)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Request-Id", "id-1")
	before := request.Header.Clone()
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(response.Body)
	expect(t, string(text), answer)
	expect(t, given.closed, true)
	expect(t, request.Header, before)
	expect(t, response.Request, request)
	sent := signer.requests()[0].Header
	token, _ := os.ReadFile(tokenFile)
	for name, want := range map[string]string{
		"Caller-Token": string(token), "X-Request-Id": "id-1", "Content-Type": "application/json", "X-Json-Case": "snake", "Idempotency-Key": "",
	} {
		expect(t, sent.Get(name), want)
	}
	expect(t, strings.HasPrefix(sent.Get("Signature-Input"), `sig1=("@method" "@path" "content-digest");created=`), true)
}

func TestSendsNoCredentialThatIsNone(t *testing.T) {
	signer := startSigner(t, serveAnswer)
	transport, err := NewTransport(Settings{URL: signer.URL + "/sign", TokenFile: "none", SecretFile: "none"})
	expect(t, err, nil)
	_, _, err = post(transport, signer.URL+"/sign", "{}")
	expect(t, err, nil)
	for _, name := range []string{"Caller-Token", "Signature", "Signature-Input", "Content-Digest"} {
		expect(t, signer.requests()[0].Header.Values(name), []string(nil))
	}
}

func TestRefusesOtherURLsAndSendsNothing(t *testing.T) {
	other := startSigner(t, serveAnswer)
	signer := startSigner(t, serveAnswer)
	transport, _, _ := makeTransport(t, signer.URL)
	host := strings.TrimPrefix(signer.URL, "http://")
	for _, url := range []string{
		other.URL + "/sign", "https://" + host + "/sign", "http://localhost:80/sign", "http://localhost.example:8081/sign", "http://" + host + "@example.com/sign",
	} {
		given := &closable{Reader: strings.NewReader("{}")}
		request, _ := http.NewRequest("POST", url, given)
		_, err := transport.RoundTrip(request)
		expectError(t, err, "the signer is at "+signer.URL+": set SIGNER_URL, or use another http.Client for other URLs")
		expect(t, given.closed, true)
	}
	expect(t, len(other.requests())+len(signer.requests()), 0)
}

func TestCallsTheSignerOfTheSettingAtTheUsualURL(t *testing.T) {
	signer := startSigner(t, serveAnswer)
	transport, _, _ := makeTransport(t, signer.URL)
	_, text, err := post(transport, "http://localhost:8081/sign/batch", "{}")
	expect(t, err, nil)
	expect(t, text, answer)
	expect(t, signer.requests()[0].Host, strings.TrimPrefix(signer.URL, "http://"))
	expect(t, signer.requests()[0].URL.Path, "/sign/batch")
}

func TestDoesNotFollowARedirectToAnotherURL(t *testing.T) {
	other := startSigner(t, serveAnswer)
	signer := startSigner(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/sign", http.StatusTemporaryRedirect)
	})
	transport, _, _ := makeTransport(t, signer.URL)
	_, _, err := post(transport, signer.URL+"/sign", "{}")
	expectError(t, err, "use another http.Client for other URLs")
	expect(t, len(other.requests()), 0)
}

func TestUsesNoProxyOfTheEnvironment(t *testing.T) {
	transport, _, _ := makeTransport(t, "http://signer")
	expect(t, transport.base.Proxy == nil, true)
}

func TestCallsLocalhostByIPv4(t *testing.T) {
	signer := startSigner(t, serveAnswer)
	_, port, _ := net.SplitHostPort(signer.Listener.Addr().String())
	if listener, err := net.Listen("tcp6", "[::1]:"+port); err == nil {
		defer listener.Close()
	}
	transport, _, _ := makeTransport(t, "http://localhost:"+port)
	_, text, err := post(transport, "http://localhost:"+port+"/sign", "{}")
	expect(t, err, nil)
	expect(t, text, answer)
}

func TestCallsTheSocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s.sock")
	listener, err := net.Listen("unix", socket)
	expect(t, err, nil)
	signer := startSigner(t, serveAnswer)
	go http.Serve(listener, signer.Config.Handler)
	defer listener.Close()
	transport, err := NewTransport(Settings{URL: "unix:" + socket + ":/sign", TokenFile: "none", SecretFile: write(t, secretOf("first"))})
	expect(t, err, nil)
	_, text, err := post(transport, "http://localhost:8081/sign", "{}")
	expect(t, err, nil)
	expect(t, text, answer)
	expect(t, signer.requests()[0].Header.Values("Caller-Token"), []string(nil))
}

func TestReadsTheTokenAgain(t *testing.T) {
	signer := startSigner(t, serveAnswer)
	transport, tokenFile, _ := makeTransport(t, signer.URL)
	now := time.Now()
	transport.now = func() time.Time { return now }
	first, second := tokenOf(601), tokenOf(602)
	for _, token := range []string{first, second} {
		replace(t, tokenFile, token)
		now = now.Add(time.Second)
		post(transport, signer.URL+"/sign", "{}")
	}
	os.Remove(tokenFile)
	now = now.Add(time.Second)
	_, _, err := post(transport, signer.URL+"/sign", "{}")
	expect(t, errors.Is(err, os.ErrNotExist), true)
	expect(t, signer.tokens(), []string{first, second})
}

// The mesh may not have the key yet with which the cluster signed the new token.
func TestAfter401SendsTheTokenBeforeUntilItExpires(t *testing.T) {
	old, renewed := tokenOf(100), tokenOf(600)
	signer := startSigner(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Caller-Token") == renewed {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	transport, tokenFile, _ := makeTransport(t, signer.URL)
	now := time.Now()
	transport.now = func() time.Time { return now }
	statuses := []int{}
	call := func(token string, later time.Duration) {
		replace(t, tokenFile, token)
		now = now.Add(later)
		status, _, _ := post(transport, signer.URL+"/sign", "{}")
		statuses = append(statuses, status)
	}
	call(old, time.Second)
	call(renewed, time.Second)
	call(renewed, time.Second)
	call(renewed, 100*time.Second)
	expect(t, statuses, []int{200, 200, 200, 401})
	expect(t, signer.tokens(), []string{old, renewed, old, old, renewed})
}

func TestAfter401OfTheTokenBeforeSendsTheNewestAgain(t *testing.T) {
	token := &callerToken{file: write(t, tokenOf(100))}
	now := time.Now()
	old, _ := token.read(now)
	renewed := tokenOf(600)
	replace(t, token.file, renewed)
	token.read(now.Add(time.Second))
	expect(t, token.refuse(renewed, now), true)
	expect(t, token.refuse(old, now), true)
	got, err := token.read(now)
	expect(t, err, nil)
	expect(t, got, renewed)
}

func TestARefusedTokenDoesNotBecomeTheOneBefore(t *testing.T) {
	token := &callerToken{file: write(t, tokenOf(100))}
	now := time.Now()
	old, _ := token.read(now)
	for _, renewed := range []string{tokenOf(600), tokenOf(700)} {
		replace(t, token.file, renewed)
		now = now.Add(time.Second)
		got, _ := token.read(now)
		expect(t, got, renewed)
		expect(t, token.refuse(renewed, now), true)
		got, _ = token.read(now)
		expect(t, got, old)
	}
}

func TestAfter401WithoutAnotherTokenReturnsTheAnswer(t *testing.T) {
	signer := startSigner(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Jwt verification fails", http.StatusUnauthorized)
	})
	transport, _, _ := makeTransport(t, signer.URL)
	status, text, err := post(transport, signer.URL+"/sign", "{}")
	expect(t, err, nil)
	expect(t, status, 401)
	expect(t, text, "Jwt verification fails\n")
	expect(t, len(signer.requests()), 1)
}

func TestAfter403ReadsTheSecretAgain(t *testing.T) {
	signer := startSigner(t, func(number int, w http.ResponseWriter, _ *http.Request) {
		if number > 1 {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	transport, _, secretFile := makeTransport(t, signer.URL)
	call := func(want int) {
		t.Helper()
		post(transport, signer.URL+"/sign", "{}")
		expect(t, len(signer.requests()), want)
	}
	call(1)
	call(2) // the same secret, so no second attempt
	replace(t, secretFile, secretOf("second"))
	call(4)
	first, second := signer.requests()[2].Header.Get("Signature"), signer.requests()[3].Header.Get("Signature")
	expect(t, first != second, true)
	os.Remove(secretFile)
	_, _, err := post(transport, signer.URL+"/sign", "{}")
	expect(t, errors.Is(err, os.ErrNotExist), true)
}

func TestDialsOnceMoreIfNothingListens(t *testing.T) {
	for refusals, want := range map[int]bool{1: true, 2: false} {
		signer := startSigner(t, serveAnswer)
		transport, _, _ := makeTransport(t, signer.URL)
		dials := 0
		transport.base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials++; dials <= refusals {
				return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
			}
			return transport.target.dial(ctx, network, address)
		}
		_, _, err := post(transport, signer.URL+"/sign", "{}")
		expect(t, err == nil, want)
		expect(t, dials, 2)
	}
}

// closeConnection sends the beginning of an answer. Without one it resets the connection.
func closeConnection(w http.ResponseWriter, begin string) {
	connection, _, _ := http.NewResponseController(w).Hijack()
	if begin == "" {
		connection.(*net.TCPConn).SetLinger(0)
	}
	io.WriteString(connection, begin)
	connection.Close()
}

func TestSendsAgainIfAnIdleConnectionWasClosedWithoutAnAnswer(t *testing.T) {
	for begin, want := range map[string]int{"": 3, "HTTP/1.1 200 OK\r\ncontent-le": 2} {
		signer := startSigner(t, func(number int, w http.ResponseWriter, r *http.Request) {
			if number == 2 {
				closeConnection(w, begin)
			} else {
				io.WriteString(w, answer)
			}
		})
		transport, _, _ := makeTransport(t, signer.URL)
		_, _, err := post(transport, signer.URL+"/sign", "{}")
		expect(t, err, nil)
		_, _, err = post(transport, signer.URL+"/sign", "{}")
		expect(t, err == nil, want == 3)
		expect(t, len(signer.requests()), want)
	}
}

func TestDoesNotSendAgainIfANewConnectionWasClosed(t *testing.T) {
	signer := startSigner(t, func(_ int, w http.ResponseWriter, _ *http.Request) { closeConnection(w, "") })
	transport, _, _ := makeTransport(t, signer.URL)
	_, _, err := post(transport, signer.URL+"/sign", "{}")
	expect(t, err != nil, true)
	expect(t, len(signer.requests()), 1)
}

func TestOneDeadlineCoversAllAttempts(t *testing.T) {
	var secretFile string
	signer := startSigner(t, func(number int, w http.ResponseWriter, r *http.Request) {
		if number == 2 {
			<-r.Context().Done()
			return
		}
		replace(t, secretFile, secretOf("second"))
		time.Sleep(time.Second)
		w.WriteHeader(http.StatusForbidden)
	})
	transport, _, file := makeTransport(t, signer.URL)
	secretFile = file
	transport.timeout = 1500 * time.Millisecond
	begin := time.Now()
	_, _, err := post(transport, signer.URL+"/sign", "{}")
	expectError(t, err, "signing: the signer did not answer within 1.5s")
	expect(t, time.Since(begin) < 2300*time.Millisecond, true)
	expect(t, len(signer.requests()), 2)
	expect(t, errors.Is(err, context.DeadlineExceeded), true)
	var timeout net.Error
	expect(t, errors.As(err, &timeout) && timeout.Timeout(), true)
}

func TestTheDeadlineCoversTheBodyOfTheAnswer(t *testing.T) {
	signer := startSigner(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	transport, _, _ := makeTransport(t, signer.URL)
	transport.timeout = 50 * time.Millisecond
	_, _, err := post(transport, signer.URL+"/sign", "{}")
	expectError(t, err, "did not answer within 50ms")
}

func TestTheCallersContextCounts(t *testing.T) {
	signer := startSigner(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	transport, _, _ := makeTransport(t, signer.URL)
	canceled, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	short, end := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer end()
	for ctx, want := range map[context.Context]error{canceled: context.Canceled, short: context.DeadlineExceeded} {
		request, _ := http.NewRequestWithContext(ctx, "POST", signer.URL+"/sign", strings.NewReader("{}"))
		begin := time.Now()
		_, err := transport.RoundTrip(request)
		expect(t, err, want)
		expect(t, time.Since(begin) < transport.timeout/2, true)
	}
}

func TestShowsNoCredentialToATrace(t *testing.T) {
	signer := startSigner(t, serveAnswer)
	transport, _, _ := makeTransport(t, signer.URL)
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		WroteHeaderField: func(name string, _ []string) { t.Error(name) },
	})
	request, _ := http.NewRequestWithContext(ctx, "POST", signer.URL+"/sign", strings.NewReader("{}"))
	_, err := transport.RoundTrip(request)
	expect(t, err, nil)
}

func TestBoundsTheBody(t *testing.T) {
	signer := startSigner(t, serveAnswer)
	transport, _, _ := makeTransport(t, signer.URL)
	for path, limit := range map[string]int{"/sign": 64 << 10, "/verify": 64 << 10, "/sign/batch": 4 << 20} {
		for length, sent := range map[int]int{limit: 1, limit + 1: 0} {
			signer.forget()
			// A reader of unknown length.
			body := io.MultiReader(bytes.NewReader(make([]byte, length)))
			response, err := (&http.Client{Transport: transport}).Post(signer.URL+path, "application/json", body)
			expect(t, err == nil, sent == 1)
			if err == nil {
				response.Body.Close()
			}
			expect(t, len(signer.requests()), sent)
		}
	}
}

func TestBoundsTheAnswer(t *testing.T) {
	length := maxAnswer
	signer := startSigner(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, length)) })
	transport, _, _ := makeTransport(t, signer.URL)
	_, text, err := post(transport, signer.URL+"/sign", "{}")
	expect(t, err, nil)
	expect(t, len(text), maxAnswer)
	length++
	_, _, err = post(transport, signer.URL+"/sign", "{}")
	expectError(t, err, "the signer's answer is longer than 262144 bytes")
}

func TestQuotesNoCredentialInAnError(t *testing.T) {
	signer := startSigner(t, func(_ int, w http.ResponseWriter, _ *http.Request) { closeConnection(w, "hunter2") })
	transport, tokenFile, secretFile := makeTransport(t, signer.URL)
	for _, files := range [][2]string{{"hunter2", secretOf("a")}, {"a.hunter2.a", secretOf("a")}, {tokenOf(-1), secretOf("a")}, {tokenOf(600), "hunter2"}} {
		replace(t, tokenFile, files[0])
		replace(t, secretFile, files[1])
		_, _, err := post(transport, signer.URL+"/sign", "{}")
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Error(err)
		}
	}
	expect(t, len(signer.requests()), 0)
}

func TestServesManyAtOnceWhileTheFilesAreReplaced(t *testing.T) {
	signer := startSigner(t, func(number int, w http.ResponseWriter, _ *http.Request) {
		if number%3 == 0 {
			w.WriteHeader([]int{401, 403}[number%2])
		}
	})
	transport, tokenFile, secretFile := makeTransport(t, signer.URL)
	var group sync.WaitGroup
	for worker := 0; worker < 8; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for call := 0; call < 20; call++ {
				if _, _, err := post(transport, signer.URL+"/sign", "{}"); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	for round := 0; round < 20; round++ {
		replace(t, tokenFile, tokenOf(600+round))
		replace(t, secretFile, secretOf(fmt.Sprint(round)))
		time.Sleep(5 * time.Millisecond)
	}
	group.Wait()
}
