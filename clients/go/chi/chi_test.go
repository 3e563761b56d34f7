// Package chi_test shows that the middleware for net/http serves chi as it is. It is a module of its own for its dependency.
package chi_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	rateguard "github.com/rateguard/rateguard/clients/go"
)

func TestARouteOfChiIsRefusedAboveTheLimit(t *testing.T) {
	service := os.Getenv("RATEGUARD_HTTP")
	if service == "" {
		t.Skip("run the tests through clients/run")
	}
	client, err := rateguard.New(rateguard.Options{URL: "http://" + service, Deadline: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	byUser := func(view *rateguard.View) []string { return []string{chi.URLParam(view.HTTP, "user")} }
	limit, err := client.Middleware(rateguard.Site{Limit: "1/h", Name: time.Now().String()[:29], Key: byUser})
	if err != nil {
		t.Fatal(err)
	}
	router := chi.NewRouter()
	router.With(limit).Get("/users/{user}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	for i, table := range []struct {
		path   string
		status int
	}{{"/users/a", 204}, {"/users/a", 429}, {"/users/b", 204}} {
		recorder := httptest.NewRecorder()
		router.ServeHTTP(recorder, httptest.NewRequest("GET", table.path, nil))
		if recorder.Code != table.status {
			t.Errorf("request %d: %d, expected %d", i+1, recorder.Code, table.status)
		}
	}
}
