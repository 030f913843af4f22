package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"
)

// kept is how many orders stay in the data folder.
const kept = 1_000

// order is what a client gets. Receipt is the text that is signed.
type order struct {
	ID      int64  `json:"id"`
	Receipt string `json:"receipt"`
	signed
}

// checkout takes orders.
type checkout struct {
	folder         string
	catalog        string // its URL
	signer, client *http.Client
	last           atomic.Int64
	sold, failed   atomic.Int64
}

// migrate prepares the data folder. An init container runs it.
func migrate(folder string) error {
	return os.MkdirAll(filepath.Join(folder, "orders"), 0o750)
}

func runCheckout(folder string) error {
	signer, err := newSigner()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(folder, "orders")); err != nil {
		return fmt.Errorf("the data folder is not prepared, run migrate first: %w", err)
	}
	shop := &checkout{
		folder:  folder,
		catalog: cmp.Or(os.Getenv("CATALOG_URL"), "http://catalog"),
		signer:  signer,
		client:  &http.Client{Timeout: 2 * time.Second},
	}
	return serve(":8080", shop.routes())
}

func (c *checkout) routes() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("POST /orders", c.create)
	routes.HandleFunc("GET /orders/{id}", c.show)
	// Only for this Pod: no route of the gateway leads to them.
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	routes.HandleFunc("GET /stats", c.stats)
	return routes
}

// create sells an item of the catalog, and signs the receipt.
func (c *checkout) create(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Item     string
		Quantity int
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&wanted); err != nil || wanted.Item == "" {
		http.Error(w, `send JSON such as {"item":"book","quantity":2}`, http.StatusBadRequest)
		return
	}
	price, err := c.price(wanted.Item)
	if errors.Is(err, fs.ErrNotExist) {
		http.Error(w, "no such item", http.StatusUnprocessableEntity)
		return
	}
	made := order{ID: c.last.Add(1)}
	if err == nil {
		made.Receipt = fmt.Sprintf("order %d: %d of %s at %.2f", made.ID, max(wanted.Quantity, 1), wanted.Item, price)
		made.signed, err = sign(c.signer, made.Receipt)
	}
	if err == nil {
		err = c.save(made)
	}
	if err != nil {
		c.failed.Add(1)
		log.Print(err)
		http.Error(w, "orders are not possible at the moment", http.StatusServiceUnavailable)
		return
	}
	c.sold.Add(1)
	w.Header().Set("Location", fmt.Sprintf("/orders/%d", made.ID))
	writeJSON(w, http.StatusCreated, made)
}

// price asks another service of the cluster.
func (c *checkout) price(item string) (price float64, err error) {
	response, err := c.client.Get(c.catalog + "/items/" + url.PathEscape(item))
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		var found struct{ Price float64 }
		err = json.NewDecoder(response.Body).Decode(&found)
		return found.Price, err
	case http.StatusNotFound:
		return 0, fs.ErrNotExist
	}
	return 0, fmt.Errorf("the catalog answered %s", response.Status)
}

func (c *checkout) file(id int64) string {
	return filepath.Join(c.folder, "orders", strconv.FormatInt(id, 10))
}

func (c *checkout) save(made order) error {
	text, err := json.Marshal(made)
	if err != nil {
		return err
	}
	os.Remove(c.file(made.ID - kept))
	return os.WriteFile(c.file(made.ID), text, 0o640)
}

// show needs no signer.
func (c *checkout) show(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	var text []byte
	if err == nil {
		text, err = os.ReadFile(c.file(id))
	}
	if err != nil {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	writeJSON(w, http.StatusOK, json.RawMessage(text))
}

func (c *checkout) stats(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, stats{c.sold.Load(), c.failed.Load()})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}
