package main

import (
	"fmt"
	"net/http"
)

// catalog is the service that the checkout asks for prices.
func catalog() http.Handler {
	prices := map[string]float64{"book": 12.5, "pen": 1.2}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /items/{name}", func(w http.ResponseWriter, r *http.Request) {
		price, exists := prices[r.PathValue("name")]
		if !exists {
			http.Error(w, "no such item", http.StatusNotFound)
			return
		}
		writeJSON(w, http.StatusOK, map[string]float64{"price": price})
	})
	return routes
}

// blog has nothing to do with the checkout. It runs in the same namespace.
func blog() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "Welcome to our blog") })
}
