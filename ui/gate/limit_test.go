package gate

import (
	"strconv"
	"testing"
	"time"
)

// A limiter remembers a bounded number of names, and whoever keeps asking among them.
func TestLimiterIsBounded(t *testing.T) {
	now := time.Duration(0)
	l := newLimiter(Limit{Burst: 2}, func() time.Duration { return now })
	for range 2 {
		if !l.take("busy") {
			t.Fatal("refused within the burst")
		}
	}
	for i := range 3 * maxNames {
		l.take(strconv.Itoa(i))
		if i%1000 == 0 && l.take("busy") {
			t.Fatalf("forgotten after %d others", i)
		}
		if len(l.young)+len(l.old) > 2*maxNames {
			t.Fatalf("%d names are remembered", len(l.young)+len(l.old))
		}
	}
}

func TestClient(t *testing.T) {
	for address, want := range map[string]string{"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::9": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "nonsense": "nonsense"} {
		if got := client(address); got != want {
			t.Errorf("%s is %s", address, got)
		}
	}
}
