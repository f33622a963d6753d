package framed_test

import (
	"testing"

	"garita/devices/devicetest/conformance"
	"garita/devices/profile"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	for name, f := range framings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.IdleGapMS = 200
			conformance.Run(t, &profile.Profile{ID: name, Driver: "framed", Hash: "hash of " + name,
				Transport: profile.Transport{Kind: "serial", Baud: 9600, DataBits: 8, Parity: "none", StopBits: 1},
				Timing:    profile.Timing{ReadTimeoutMS: 100, RetryFirstMS: 50, RetryMaxMS: 200, Attempts: 3},
				Framing:   f,
				Limits:    profile.Limits{MaxBytesPerSecond: 16384, BadReadings: 3},
			}, [2][]string{{a1, a2}, {b1, b2}})
		})
	}
}
