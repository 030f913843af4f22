package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// start starts a checkout with a catalog and a fake signer.
func start(t *testing.T) (url string, signer *httptest.Server) {
	prices := httptest.NewServer(catalog())
	signer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Message string }
		json.NewDecoder(r.Body).Decode(&asked)
		writeJSON(w, http.StatusOK, signed{"signed: " + asked.Message, "key-1"})
	}))
	for name, value := range map[string]string{"SIGNER_URL": signer.URL, "CALLER_TOKEN_FILE": "none", "PAIRING_SECRET_FILE": "none"} {
		t.Setenv(name, value)
	}
	client, err := newSigner()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := migrate(folder); err != nil {
		t.Fatal(err)
	}
	shop := &checkout{folder: folder, catalog: prices.URL, signer: client, client: http.DefaultClient}
	server := httptest.NewServer(shop.routes())
	t.Cleanup(func() {
		server.Close()
		signer.Close()
		prices.Close()
	})
	return server.URL, signer
}

func call(t *testing.T, method, url, body string) (status int, made order) {
	request, _ := http.NewRequest(method, url, strings.NewReader(body))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	json.NewDecoder(response.Body).Decode(&made)
	return response.StatusCode, made
}

func TestSignsAnOrderAndShowsItAgain(t *testing.T) {
	url, signer := start(t)
	status, made := call(t, "POST", url+"/orders", `{"item":"book","quantity":2}`)
	receipt := "order 1: 2 of book at 12.50"
	want := order{1, receipt, signed{"signed: " + receipt, "key-1"}}
	if status != 201 || made != want {
		t.Errorf("got %d %+v", status, made)
	}
	signer.Close()
	if status, shown := call(t, "GET", url+"/orders/1", ""); status != 200 || shown != want {
		t.Errorf("got %d %+v", status, shown)
	}
	if status, _ := call(t, "POST", url+"/orders", `{"item":"book"}`); status != 503 {
		t.Errorf("got %d without a signer", status)
	}
}

func TestRefusesOrders(t *testing.T) {
	url, _ := start(t)
	for body, want := range map[string]int{"": 400, "{}": 400, `{"item":"pencil"}`: 422, `{"item":"../x"}`: 422} {
		if status, _ := call(t, "POST", url+"/orders", body); status != want {
			t.Errorf("%s: got %d", body, status)
		}
	}
	for _, id := range []string{"1", "x", "..", "%2e%2e%2forders"} {
		if status, _ := call(t, "GET", url+"/orders/"+id, ""); status != 404 {
			t.Errorf("%s: got %d", id, status)
		}
	}
}

func TestExportsMetrics(t *testing.T) {
	url, _ := start(t)
	call(t, "POST", url+"/orders", `{"item":"pen"}`)
	answer := httptest.NewRecorder()
	exporter(url+"/stats").ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(answer.Body.String(), "shop_orders_total{result=\"sold\"} 1\n") {
		t.Error(answer.Body)
	}
}
