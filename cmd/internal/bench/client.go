package bench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// client is an HTTP/1.1 client that adds as little as it can to what it measures: one
// connection, one write, one answer.
type client struct {
	host   string
	cookie string // of who is signed in, "name=token"
	conn   net.Conn
	r      *bufio.Reader
}

func dial(url string) (*client, error) {
	host := strings.TrimPrefix(url, "http://")
	conn, err := net.DialTimeout("tcp", host, 5*time.Second) //nolint:noctx // it has its own deadline
	if err != nil {
		return nil, err
	}
	return &client{host: host, conn: conn, r: bufio.NewReader(conn)}, nil
}

func (c *client) request(path string, body []byte) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, c.host, c.cookie, len(body), body)
}

// signIn signs an officer in at a counter.
func (c *client) signIn(badge, pin, counter string) error {
	body := fmt.Appendf(nil, `{"badge":%q,"pin":%q,"counter":%q}`, badge, pin, counter)
	if _, err := c.conn.Write(c.request("/session", body)); err != nil {
		return err
	}
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	cookies := res.Cookies()
	if res.StatusCode != http.StatusOK || len(cookies) == 0 {
		return fmt.Errorf("signing in was answered with status %d", res.StatusCode)
	}
	c.cookie = cookies[0].Name + "=" + cookies[0].Value
	return nil
}

func (c *client) do(request []byte) (int, error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, errors.Join(err, res.Body.Close())
}

func (c *client) close() error { return c.conn.Close() }
