package rateguard

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What README.md shows works when it is pasted.
func TestTheExamplesOfTheReadmeRunAsTheyStand(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 2 {
		t.Fatal(len(blocks))
	}
	here, _ := filepath.Abs(".")
	for i, block := range blocks {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address0 := listener.Addr().String()
		listener.Close()
		text := strings.NewReplacer("127.0.0.1:3000", address0, "resp://127.0.0.1:6380\"", realService(t, "resp")+"\", Deadline: 5e9",
			"rateguard.Options{}", fmt.Sprintf("rateguard.Options{URL: %q, Deadline: 5e9}", realService(t, "http"))).Replace(block[1])
		folder := t.TempDir()
		module := "module example\n\ngo 1.21\n\nrequire github.com/rateguard/rateguard/clients/go v0.1.0\n\nreplace github.com/rateguard/rateguard/clients/go => " + here + "\n"
		for name, content := range map[string]string{"go.mod": module, "main.go": text} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		build := exec.Command("go", "build", "-o", "example", ".")
		build.Dir = folder
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("example %d: %s", i+1, out)
		}
		if !strings.Contains(text, "ListenAndServe") {
			if out, err := exec.Command(filepath.Join(folder, "example")).CombinedOutput(); err != nil || string(out) != "9 of 10 left\n" {
				t.Errorf("example %d: %s %v", i+1, out, err)
			}
			continue
		}
		serveOnce(t, exec.Command(filepath.Join(folder, "example")), "http://"+address0)
	}
}

func serveOnce(t *testing.T, program *exec.Cmd, url string) {
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Wait() }()
	defer func() { _ = program.Process.Kill() }()
	for tries := 0; tries < 200; tries++ {
		if answered, err := http.Get(url); err == nil {
			answered.Body.Close()
			if answered.StatusCode != 200 || answered.Header.Get("RateLimit") == "" {
				t.Error(answered.Status, answered.Header)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("it does not serve")
}
