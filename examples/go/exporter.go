package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

type stats struct {
	Sold   int64 `json:"sold"`
	Failed int64 `json:"failed"`
}

// exporter turns the numbers of the checkout into metrics for Prometheus. It runs in a container of its own.
func exporter(source string) http.Handler {
	client := &http.Client{Timeout: time.Second}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	routes.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		var found stats
		response, err := client.Get(source)
		if err == nil {
			defer response.Body.Close()
			err = json.NewDecoder(response.Body).Decode(&found)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# TYPE shop_orders_total counter\n")
		fmt.Fprintf(w, "shop_orders_total{result=\"sold\"} %d\nshop_orders_total{result=\"failed\"} %d\n", found.Sold, found.Failed)
	})
	return routes
}
