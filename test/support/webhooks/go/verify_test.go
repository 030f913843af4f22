// Reads webhooks as lines of JSON, and prints for each whether the library of Go accepts it: 1 or 0. It is compiled as a test,
// because only a test can have another clock.
package verify

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"sort"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

type received struct {
	Secret  string            `json:"secret"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
	// The clock of the receiver in seconds since 1970. Without it, the clock is that of the machine.
	Now *int64 `json:"now"`
}

func TestVerify(t *testing.T) {
	lines := read(t)
	accepted := make([]byte, len(lines))
	timed := []int{}
	for index, line := range lines {
		if line.Now == nil {
			accepted[index] = verify(t, line)
		} else {
			timed = append(timed, index)
		}
	}
	// The clock of a bubble begins in 2000, and only sleeping moves it on.
	sort.SliceStable(timed, func(a, b int) bool { return *lines[timed[a]].Now < *lines[timed[b]].Now })
	synctest.Test(t, func(t *testing.T) {
		for _, index := range timed {
			time.Sleep(time.Until(time.Unix(*lines[index].Now, 0)))
			accepted[index] = verify(t, lines[index])
		}
	})
	output := bufio.NewWriter(os.Stdout)
	for _, digit := range accepted {
		output.Write([]byte{digit, '\n'})
	}
	if err := output.Flush(); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T) []received {
	lines := []received{}
	for decoder := json.NewDecoder(bufio.NewReader(os.Stdin)); decoder.More(); {
		var line received
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func verify(t *testing.T, line received) byte {
	webhook, err := standardwebhooks.NewWebhook(line.Secret)
	if err != nil {
		t.Fatal(err)
	}
	headers := http.Header{}
	for name, value := range line.Headers {
		headers.Set(name, value)
	}
	if webhook.Verify(line.Body, headers) != nil {
		return '0'
	}
	return '1'
}
