package rateguard

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	connectWithin = time.Second
	// An answer that is later than this comes no more: the connection is given up.
	stalledAfter = time.Second
	// Questions that wait on one connection, the abandoned ones too.
	waitingMax = 16_384
	readBytes  = 16_384
)

// target is where the service is, and what is spoken there.
type target struct {
	address string
	tls     *tls.Config
	codec   codec
}

type waiting struct {
	read  readReply
	reply chan answer // has room for the answer: nobody waits for who has gone
	since time.Time
}

// connection asks questions as they come and gets the answers in their order. One goroutine writes, one reads.
type connection struct {
	target target
	ended  atomic.Bool
	done   chan struct{}
	wake   chan struct{} // there is something to write

	mutex   sync.Mutex
	unsent  []byte
	waiting []*waiting
	socket  net.Conn
}

func connect(to target) *connection {
	c := &connection{target: to, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	if greeting := to.codec.greeting(); greeting != nil {
		// A wrong token shows in the answers that follow.
		c.unsent = greeting
		c.waiting = []*waiting{{read: func(any) answer { return answer{} }, reply: make(chan answer, 1), since: time.Now()}}
	}
	go c.run()
	return c
}

// ask sends a message; its answer comes through the channel.
func (c *connection) ask(message []byte, read readReply) chan answer {
	asked := &waiting{read: read, reply: make(chan answer, 1), since: time.Now()}
	c.mutex.Lock()
	ended := c.ended.Load()
	if !ended {
		c.unsent = append(c.unsent, message...)
		c.waiting = append(c.waiting, asked)
	}
	c.mutex.Unlock()
	if ended {
		asked.reply <- answer{failure: Unreachable, detail: "closed the connection"}
		return asked.reply
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return asked.reply
}

// giveUpIfStalled ends a connection that lets questions wait for too long.
func (c *connection) giveUpIfStalled(now time.Time) {
	c.mutex.Lock()
	stalled := len(c.waiting) > 0 && (now.Sub(c.waiting[0].since) > stalledAfter || len(c.waiting) > waitingMax)
	c.mutex.Unlock()
	if stalled {
		c.end(answer{failure: Unreachable, detail: "does not answer"})
	}
}

// end answers every question that waits by a failure.
func (c *connection) end(with answer) {
	c.mutex.Lock()
	if c.ended.Swap(true) {
		c.mutex.Unlock()
		return
	}
	left, socket := c.waiting, c.socket
	c.waiting, c.unsent = nil, nil
	c.mutex.Unlock()
	close(c.done)
	if socket != nil {
		socket.Close()
	}
	for _, asked := range left {
		asked.reply <- with
	}
}

func unreachable(err error) answer {
	return answer{failure: Unreachable, detail: fmt.Sprintf("cannot be reached (%v)", err)}
}

func (c *connection) run() {
	socket, err := dial(c.target)
	if err != nil {
		c.end(unreachable(err))
		return
	}
	c.mutex.Lock()
	c.socket = socket
	ended := c.ended.Load()
	c.mutex.Unlock()
	if ended {
		socket.Close()
		return
	}
	go c.read(socket)
	c.write(socket)
}

func dial(to target) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), connectWithin)
	defer cancel()
	if to.tls != nil {
		return (&tls.Dialer{Config: to.tls}).DialContext(ctx, "tcp", to.address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", to.address)
}

func (c *connection) write(socket net.Conn) {
	var sending []byte
	for {
		// What was asked while the last write was under way leaves in one.
		c.mutex.Lock()
		sending, c.unsent = c.unsent, sending[:0]
		c.mutex.Unlock()
		if len(sending) > 0 {
			if _, err := socket.Write(sending); err != nil {
				c.end(unreachable(err))
				return
			}
			continue
		}
		select {
		case <-c.wake:
		case <-c.done:
			return
		}
	}
}

func (c *connection) read(socket net.Conn) {
	parser := c.target.codec.parser()
	data := make([]byte, 0, readBytes)
	for {
		if cap(data)-len(data) < readBytes/2 {
			data = append(make([]byte, 0, 2*cap(data)), data...)
		}
		count, err := socket.Read(data[len(data):cap(data)])
		data = data[:len(data)+count]
		taken, ok := c.answers(parser, data)
		if !ok {
			return
		}
		data = data[:copy(data, data[taken:])]
		if err != nil {
			c.end(answer{failure: Unreachable, detail: "closed the connection"})
			return
		}
	}
}

// answers hands on the replies in data, and says how many bytes they took; false: the connection has ended.
func (c *connection) answers(parser parser, data []byte) (int, bool) {
	taken := 0
	for taken < len(data) {
		reply, bytes, err := parser.next(data[taken:])
		if err != nil {
			c.end(nonsense)
			return 0, false
		}
		if bytes == 0 {
			break
		}
		taken += bytes
		asked := c.first()
		if asked == nil {
			c.end(nonsense)
			return 0, false
		}
		asked.reply <- asked.read(reply)
		if response, ok := reply.(response); ok && response.closes {
			c.end(answer{failure: Unreachable, detail: "closed the connection"})
			return 0, false
		}
	}
	return taken, true
}

func (c *connection) first() *waiting {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.waiting) == 0 {
		return nil
	}
	asked := c.waiting[0]
	c.waiting[0] = nil
	c.waiting = c.waiting[1:]
	return asked
}

// pool has a few connections, which questions use in turns.
type pool struct {
	target      target
	next        atomic.Uint32
	connections []atomic.Pointer[connection]
}

func newPool(to target, connections int) *pool {
	return &pool{target: to, connections: make([]atomic.Pointer[connection], connections)}
}

// connection is one that has not ended, connecting where there is none.
func (p *pool) connection() *connection {
	slot := &p.connections[p.next.Add(1)%uint32(len(p.connections))]
	for {
		current := slot.Load()
		if current != nil && !current.ended.Load() {
			return current
		}
		made := connect(p.target)
		if slot.CompareAndSwap(current, made) {
			return made
		}
		made.end(answer{failure: Unreachable})
	}
}

func (p *pool) close() {
	for i := range p.connections {
		if current := p.connections[i].Load(); current != nil {
			current.end(answer{failure: Unreachable, detail: "the client was closed"})
		}
	}
}

// ask is the answer, or the failure Deadline.
func (p *pool) ask(ctx context.Context, message []byte, read readReply, within time.Duration) answer {
	connection := p.connection()
	reply := connection.ask(message, read)
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case found := <-reply:
		return found
	case <-timer.C:
	case <-ctx.Done():
	}
	select {
	case found := <-reply: // it came while this goroutine waited for its turn
		return found
	default:
	}
	connection.giveUpIfStalled(time.Now())
	if ctx.Err() != nil {
		return answer{failure: Caller, detail: "was not waited for: " + ctx.Err().Error()}
	}
	return answer{failure: Deadline, detail: fmt.Sprintf("did not answer within %v", within)}
}
