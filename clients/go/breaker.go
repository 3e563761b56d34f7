package rateguard

import (
	"sync"
	"sync/atomic"
	"time"
)

// breaker keeps from asking for a while after several failures in a row, so that requests do not wait in vain. With failures 0 it
// never opens.
type breaker struct {
	failures int32
	pause    time.Duration
	inARow   atomic.Int32

	mutex  sync.Mutex
	until  time.Time
	trying bool
}

// admits says whether a question may be asked now. While open, one may try after each pause.
func (b *breaker) admits(now time.Time) bool {
	if b.failures == 0 || b.inARow.Load() < b.failures {
		return true
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.trying || now.Before(b.until) {
		return false
	}
	b.trying = true
	return true
}

func (b *breaker) succeeded() {
	if b.inARow.Load() == 0 {
		return
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.inARow.Store(0)
	b.trying = false
}

// unknown: the caller gave up, which says nothing about the service.
func (b *breaker) unknown() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.trying = false
}

func (b *breaker) failed(now time.Time) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.inARow.Add(1)
	b.trying = false
	b.until = now.Add(b.pause)
}
