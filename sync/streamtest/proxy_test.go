package streamtest

import (
	"net"
	"sync"
	"testing"
)

// proxy is a TCP relay that can be cut, or stalled so that both ends see a connection
// over which nothing comes any more.
type proxy struct {
	to   string
	l    net.Listener
	wg   sync.WaitGroup
	mu   sync.Mutex
	cond *sync.Cond
	// cut closes all connections and refuses new ones; stalled swallows bytes until
	// it is over; both are guarded by mu, as are conns and closed.
	cut, stalled, closed bool
	conns                map[net.Conn]bool
	accepted             int
	relayed              int64 // bytes
	left                 int64 // bytes until it cuts itself; 0: it does not
}

func newProxy(t *testing.T, to string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{to: to, l: l, conns: map[net.Conn]bool{}}
	p.cond = sync.NewCond(&p.mu)
	p.wg.Add(1)
	go p.accept()
	t.Cleanup(p.close)
	return p
}

func (p *proxy) url() string { return "nats://" + p.l.Addr().String() }

func (p *proxy) set(cut, stalled bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.stalled = cut, stalled
	if cut {
		for c := range p.conns {
			c.Close()
		}
	}
	p.cond.Broadcast()
}

// cutAfter lets it cut itself once n more bytes have been relayed.
func (p *proxy) cutAfter(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = n
}

// willCut reports whether the cut after a number of bytes is still to come.
func (p *proxy) willCut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left > 0
}

// bytes counts what was relayed in both directions.
func (p *proxy) bytes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.relayed
}

func (p *proxy) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

func (p *proxy) close() {
	p.l.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.set(true, false)
	p.wg.Wait()
}

func (p *proxy) accept() {
	defer p.wg.Done()
	for {
		in, err := p.l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		p.mu.Lock()
		if err != nil || p.cut {
			p.mu.Unlock()
			in.Close()
			if out != nil {
				out.Close()
			}
			continue
		}
		p.accepted++
		p.conns[in], p.conns[out] = true, true
		p.wg.Add(2)
		p.mu.Unlock()
		go p.copy(in, out)
		go p.copy(out, in)
	}
}

func (p *proxy) copy(from, to net.Conn) {
	defer p.wg.Done()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		for p.stalled && !p.cut && !p.closed {
			p.cond.Wait()
		}
		cut := p.left > 0 && p.left <= int64(n)
		p.relayed, p.left = p.relayed+int64(n), max(0, p.left-int64(n))
		p.mu.Unlock()
		if cut {
			p.set(true, false)
		}
		if err == nil {
			_, err = to.Write(buf[:n])
		}
		if err != nil {
			from.Close()
			to.Close()
			p.mu.Lock()
			delete(p.conns, from)
			p.mu.Unlock()
			return
		}
	}
}
