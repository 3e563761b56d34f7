// Asks a limiter as fast as it goes, with 64 goroutines: bench rateguard-resp|rateguard-http|redis SERVICE DURATION. Prints [decisions a
// second].
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	rateguard "github.com/rateguard/rateguard/clients/go"
	"github.com/redis/go-redis/v9"
)

func limiter(kind, service string) func(ctx context.Context, key string) bool {
	if kind == "redis" {
		limits := redis_rate.NewLimiter(redis.NewClient(&redis.Options{Addr: service}))
		return func(ctx context.Context, key string) bool {
			found, err := limits.Allow(ctx, key, redis_rate.PerMinute(1_000_000_000))
			return err == nil && found.Allowed == 1
		}
	}
	client, err := rateguard.New(rateguard.Options{URL: strings.TrimPrefix(kind, "rateguard-") + "://" + service, Deadline: time.Second, OnFailure: rateguard.Closed})
	if err != nil {
		log.Fatal(err)
	}
	return func(ctx context.Context, key string) bool {
		return client.Check(ctx, rateguard.Question{Key: []string{key}, Limit: "1000000000/m"}).Allowed
	}
}

func main() {
	duration, err := time.ParseDuration(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	allow := limiter(os.Args[1], os.Args[2])
	ctx := context.Background()
	allow(ctx, "warm")
	var done, refused atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for i := 0; i < 64; i++ {
		all.Add(1)
		go func(key string) {
			defer all.Done()
			for time.Since(began) < duration {
				if !allow(ctx, key) {
					refused.Add(1)
				}
				done.Add(1)
			}
		}("user:" + strconv.Itoa(i))
	}
	all.Wait()
	if refused.Load() > 0 {
		log.Fatalf("%d refused", refused.Load())
	}
	fmt.Printf("[%.0f]\n", float64(done.Load())/time.Since(began).Seconds())
}
