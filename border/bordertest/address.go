package bordertest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Address is a loopback address that is free, for a server that is to come back there after it was
// stopped. Its port lies below those that the kernel gives to connections as they come (32768 and
// up): while the server is down no connection of another test can have it.
func Address(t testing.TB) string {
	t.Helper()
	const first, ports, attempts = 18000, 14000, 100
	for range attempts {
		ln, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(first+rand.IntN(ports))) //nolint:gosec // any free one
		if err != nil {
			continue
		}
		if err := ln.Close(); err != nil {
			t.Fatal(err)
		}
		return ln.Addr().String()
	}
	t.Fatal("no port is free")
	return ""
}
