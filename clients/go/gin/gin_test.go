package rateguardgin

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	rateguard "github.com/rateguard/rateguard/clients/go"
)

func application(t *testing.T, url string, site rateguard.Site, refuse func(*gin.Context, rateguard.Decision)) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	client, err := rateguard.New(rateguard.Options{URL: url, Deadline: 5 * time.Second, Log: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	limit, err := Middleware(client, site, refuse)
	if err != nil {
		t.Fatal(err)
	}
	app := gin.New()
	app.Use(limit)
	app.GET("/", func(c *gin.Context) { c.String(200, "handled") })
	return app
}

func get(app http.Handler) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	app.ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	return recorder
}

func TestRequestsAreRefusedAboveTheLimit(t *testing.T) {
	service := os.Getenv("RATEGUARD_HTTP")
	if service == "" {
		t.Skip("run the tests through clients/run")
	}
	app := application(t, "http://"+service, rateguard.Site{Limit: "1/h", Name: t.Name() + time.Now().String()[:19]}, nil)
	if first := get(app); first.Code != 200 || first.Body.String() != "handled" || first.Header().Get("RateLimit") == "" {
		t.Error(first.Code, first.Body, first.Header())
	}
	refused := get(app)
	if refused.Code != 429 || refused.Header().Get("Retry-After") != "3600" || refused.Header().Get("Content-Type") != "application/problem+json" {
		t.Error(refused.Code, refused.Header())
	}
}

func TestWhileTheServiceIsAwayTheOptionDecides(t *testing.T) {
	away := os.Getenv("STAND_IN_AWAY")
	if away == "" {
		t.Skip("run the tests through clients/run")
	}
	for onFailure, status := range map[rateguard.OnFailure]int{rateguard.Open: 200, rateguard.Closed: 503} {
		if got := get(application(t, "http://"+away, rateguard.Site{Limit: "1/h", OnFailure: onFailure}, nil)); got.Code != status {
			t.Error(onFailure, got.Code)
		}
	}
}

func TestRefuseAnswersAndTheChainEnds(t *testing.T) {
	site := rateguard.Site{Limit: "1/h", Key: func(*rateguard.View) []string { return nil }}
	got := get(application(t, "http://127.0.0.1:1", site, func(c *gin.Context, decision rateguard.Decision) { c.String(decision.RefusalStatus(), "mine") }))
	if got.Code != 403 || got.Body.String() != "mine" {
		t.Error(got.Code, got.Body)
	}
}

func TestAWrongOptionIsNamed(t *testing.T) {
	client, _ := rateguard.New(rateguard.Options{URL: "http://127.0.0.1:1"})
	defer client.Close()
	if _, err := Middleware(client, rateguard.Site{Limit: "five"}, nil); err == nil {
		t.Error("no error")
	}
}
