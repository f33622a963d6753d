package bridge

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"garita/border"
	"garita/devices"

	"golang.org/x/sys/unix"
)

// The two kinds of address.
const (
	unixPrefix = "unix:" // unix:/run/garita/reader.sock
	tlsPrefix  = "tls:"  // tls:host:port
)

// Options are what the station brings to a connection. The zero Options will do for a
// local socket of the same user.
type Options struct {
	// TLS is for tls: addresses: a certificate of this station and the authority that
	// signs those of bridges (see [ClientTLS]).
	TLS *tls.Config
	// Group is a group id that may be at the other end of a local socket too, beside
	// this user and root; 0 for none.
	Group int
	// Software is what the station calls itself in its hello: "garita 1.2".
	Software string
	// Heartbeat, MinHeartbeat to MaxHeartbeat; 0 for [Heartbeat].
	Heartbeat time.Duration
	// CancelWithin is how long a bridge may take to end a cancelled request before the
	// connection is given up; 0 for [CancelWithin].
	CancelWithin time.Duration
	// MaxPixels bounds an image below [border.MaxFingerPixels]; 0 for that.
	MaxPixels int
}

// CheckAddress says whether an address has one of the two forms, with code
// [border.Invalid] if not.
func CheckAddress(address string) error {
	if path, ok := strings.CutPrefix(address, unixPrefix); ok && filepath.IsAbs(path) && len(path) <= maxSocketPath {
		return nil
	}
	if at, ok := strings.CutPrefix(address, tlsPrefix); ok {
		if host, port, err := net.SplitHostPort(at); err == nil && host != "" && port != "" {
			return nil
		}
	}
	return &border.Error{Code: border.Invalid, Op: "read the address of a bridge",
		Message: "The address of a bridge is unix:/absolute/path (at most 107 characters) or tls:host:port."}
}

// maxSocketPath is what sockaddr_un holds, without the closing zero.
const maxSocketPath = 107

// Connect opens a connection to a bridge and checks who is at the other end, but says
// nothing yet. [Dial] is what drives a scanner; this is for tests of bridges.
// The errors are those of [Dial].
func Connect(ctx context.Context, address string, o Options) (net.Conn, error) {
	c, _, err := connect(ctx, address, o)
	return c, err
}

// connect also returns what lies below TLS.
func connect(ctx context.Context, address string, o Options) (conn, raw net.Conn, err error) {
	if err := CheckAddress(address); err != nil {
		return nil, nil, err
	}
	var d net.Dialer
	if path, ok := strings.CutPrefix(address, unixPrefix); ok {
		c, err := d.DialContext(ctx, "unix", path)
		if err != nil {
			return nil, nil, dialError(ctx, address, err)
		}
		if err := checkPeer(c, o.Group); err != nil {
			_ = c.Close() // nothing was said
			return nil, nil, err
		}
		return c, c, nil
	}
	at := strings.TrimPrefix(address, tlsPrefix)
	host, _, _ := net.SplitHostPort(at) // CheckAddress has seen it
	cfg, err := clientTLS(o.TLS, host)
	if err != nil {
		return nil, nil, err
	}
	raw, err = d.DialContext(ctx, "tcp", at)
	if err != nil {
		return nil, nil, dialError(ctx, address, err)
	}
	secure := tls.Client(raw, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // nothing was said
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return nil, nil, tlsError("reach the bridge "+address, err)
	}
	return secure, raw, nil
}

// dialError says in plain words why nobody answered.
func dialError(ctx context.Context, address string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, os.ErrPermission) {
		return &border.Error{Code: border.Forbidden, Op: "reach the bridge " + address,
			Message: "This user may not open the bridge's socket. Add Garita's user to the group of the socket.",
			Err:     errors.Join(devices.ErrPermission, err)}
	}
	return &border.Error{Code: border.Unavailable, Op: "reach the bridge " + address,
		Message: "No bridge answers at {0}. Start its program, or check the address and the cable of the network.", Args: []any{address},
		Err: errors.Join(devices.ErrNotFound, err)}
}

// checkPeer asks the kernel who is at the other end of a local socket.
func checkPeer(c net.Conn, group int) error {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return &border.Error{Code: border.Internal, Op: "check the other end of a bridge", Err: devices.ErrPermission}
	}
	var who *unix.Ucred
	s, err := u.SyscallConn()
	if err == nil {
		err2 := s.Control(func(fd uintptr) { who, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
		err = errors.Join(err, err2)
	}
	if err == nil && permitted(who, os.Geteuid(), group) {
		return nil
	}
	return &border.Error{Code: border.Forbidden, Op: "check the other end of a bridge",
		Message: "The program at the other end of the bridge's socket belongs to another user. Run both as the same user, or permit its group.",
		Err:     errors.Join(devices.ErrPermission, err)}
}

// permitted: the same user, root, or a program whose own group is the permitted one.
func permitted(who *unix.Ucred, self, group int) bool {
	return who.Uid == 0 || int(who.Uid) == self || group > 0 && int(who.Gid) == group
}

// Listener accepts stations. The other end of every connection that it gives was checked.
type Listener struct {
	net.Listener
	tls   *tls.Config // nil for a local socket
	group int
}

// Listen opens the socket of a bridge. A local one is for this user and root (mode 0600)
// and, if group is not 0, for that group (0660); a socket file that nobody listens at any
// more is replaced. cfg is for tls: addresses only (see [ServerTLS]).
//
// Errors have code [border.Invalid] for the address or the certificates, [border.Conflict]
// if another program listens there (wrapping [devices.ErrBusy]), else [border.Unavailable].
func Listen(ctx context.Context, address string, cfg *tls.Config, group int) (*Listener, error) {
	if err := CheckAddress(address); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	if at, ok := strings.CutPrefix(address, tlsPrefix); ok {
		cfg, err := serverTLS(cfg)
		if err != nil {
			return nil, err
		}
		l, err := lc.Listen(ctx, "tcp", at)
		if err != nil {
			return nil, listenError(address, err)
		}
		return &Listener{Listener: l, tls: cfg}, nil
	}
	path := strings.TrimPrefix(address, unixPrefix)
	if err := sweep(ctx, path); err != nil {
		return nil, listenError(address, err)
	}
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, listenError(address, err)
	}
	mode := os.FileMode(0o600)
	if group > 0 {
		mode, err = 0o660, os.Chown(path, -1, group)
	}
	// Until here the umask rules; whoever came in meanwhile is checked like all others.
	if err = errors.Join(err, os.Chmod(path, mode)); err != nil {
		_ = l.Close() // nobody was accepted
		return nil, listenError(address, err)
	}
	return &Listener{Listener: l, group: group}, nil
}

// sweep removes a socket that its program left behind.
func sweep(ctx context.Context, path string) error {
	if st, err := os.Lstat(path); err != nil || st.Mode()&os.ModeSocket == 0 {
		return nil //nolint:nilerr // not there, or not ours to remove: listening will say
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	if err == nil {
		_ = c.Close() // somebody is there: that was the question
		return unix.EADDRINUSE
	}
	if errors.Is(err, unix.ECONNREFUSED) {
		return os.Remove(path)
	}
	return err
}

func listenError(address string, err error) error {
	if errors.Is(err, unix.EADDRINUSE) {
		return &border.Error{Code: border.Conflict, Op: "listen at " + address,
			Message: "Another program listens at {0} already.", Args: []any{address}, Err: errors.Join(devices.ErrBusy, err)}
	}
	return &border.Error{Code: border.Unavailable, Op: "listen at " + address,
		Message: "The bridge cannot listen at {0}.", Args: []any{address}, Err: err}
}
