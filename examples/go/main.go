// The programs of a small shop, in one image. The argument says which one runs.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// dataFolder is in a volume of the Pod.
const dataFolder = "/data"

func main() {
	programs := map[string]func() error{
		"checkout": func() error { return runCheckout(dataFolder) },
		"migrate":  func() error { return migrate(dataFolder) },
		"exporter": func() error { return serve(":9090", exporter("http://127.0.0.1:8080/stats")) },
		"catalog":  func() error { return serve(":8080", catalog()) },
		"blog":     func() error { return serve(":8080", blog()) },
	}
	run := programs[os.Args[len(os.Args)-1]]
	if run == nil {
		log.Fatal("usage: shop checkout|migrate|exporter|catalog|blog")
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// serve answers requests until SIGTERM, and then ends those that it has begun.
func serve(address string, handler http.Handler) error {
	server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		<-terminated.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		ended <- server.Shutdown(ctx)
	}()
	log.Printf("listening on %s", address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}
