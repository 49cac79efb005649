// Receives Ringback's callbacks with Go 1.19 or later and its standard library.
//
//	RINGBACK_WEBHOOK_SECRETS=whsec_… PORT=9000 go run receiver.go
//
// callback_url: https://callbacks.example.com/hook
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxBodyBytes = 64 * 1024 // Ringback sends less than 20 KB.
	tolerance    = 5 * time.Minute
	remembered   = 10_000
)

var digits = regexp.MustCompile(`^[0-9]{1,12}$`)

// The `flat` format has `event` and `task_id` at the top.
type event struct {
	Type   string  `json:"type"`
	Event  string  `json:"event"`
	TaskID *string `json:"task_id"`
	Data   struct {
		TaskID *string `json:"task_id"`
	} `json:"data"`
}

type receiver struct {
	keys  [][]byte
	mutex sync.Mutex
	seen  map[string]bool
	order []string
}

func main() {
	keys, err := keysOf(os.Getenv("RINGBACK_WEBHOOK_SECRETS"))
	if err != nil {
		log.Fatal(err)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "9000"
	}
	mux := http.NewServeMux()
	mux.Handle("/hook", &receiver{keys: keys, seen: map[string]bool{}})
	server := &http.Server{Addr: "127.0.0.1:" + port, Handler: mux, ReadTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	// The signature is over the bytes as they came. MaxBytesReader separates a body that is too long from a short one; an
	// io.LimitReader would cut it off in silence.
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxBodyBytes))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		} else {
			w.WriteHeader(http.StatusBadRequest)
		}
		return
	}
	if !r.isGenuine(request.Header, body) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var received event
	if json.Unmarshal(body, &received) != nil || received.Type+received.Event == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	// The answer leaves when this function returns, the work goes on: after 15 s without one Ringback calls again.
	if id := request.Header.Get("webhook-id"); r.remember(id) {
		go work(id, received)
	}
	w.WriteHeader(http.StatusNoContent)
}

// Standard Webhooks 1.0.0: HMAC-SHA256 over id.timestamp.body, one signature for each secret in force.
func (r *receiver) isGenuine(headers http.Header, body []byte) bool {
	id, timestamp := headers.Get("webhook-id"), headers.Get("webhook-timestamp")
	if id == "" || !digits.MatchString(timestamp) {
		return false
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return false
	}
	if age := time.Since(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return false
	}
	match := false
	for _, key := range r.keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + timestamp + "."))
		mac.Write(body)
		expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for _, given := range strings.Split(headers.Get("webhook-signature"), " ") {
			// hmac.Equal takes as long for a near miss as for a far one; == does not.
			match = hmac.Equal(expected, []byte(given)) || match
		}
	}
	return match
}

// False if it came before. A real one keeps the id in its database, as a unique key, and writes the work to be done in
// the same transaction: then neither a restart nor a second process does it twice, or never.
func (r *receiver) remember(id string) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.seen[id] {
		return false
	}
	r.seen[id] = true
	r.order = append(r.order, id)
	if len(r.order) > remembered {
		delete(r.seen, r.order[0])
		r.order = r.order[1:]
	}
	return true
}

// Your own work goes here: fetch `video_url`, send a message.
func work(id string, received event) {
	accepted := struct {
		Accepted string  `json:"accepted"`
		Type     string  `json:"type"`
		TaskID   *string `json:"task_id"`
	}{id, received.Type, received.Data.TaskID}
	if received.Event != "" {
		accepted.Type, accepted.TaskID = received.Event, received.TaskID
	}
	if line, err := json.Marshal(accepted); err == nil {
		os.Stdout.Write(append(line, '\n'))
	}
}

// Several during a rotation. It refuses an empty secret, because an attacker could sign with it.
func keysOf(text string) ([][]byte, error) {
	var keys [][]byte
	for _, secret := range strings.Fields(strings.ReplaceAll(text, ",", " ")) {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) < 24 {
			return nil, errors.New("RINGBACK_WEBHOOK_SECRETS must hold one or more whsec_… secrets")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("RINGBACK_WEBHOOK_SECRETS is not set")
	}
	return keys, nil
}
