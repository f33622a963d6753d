package usbdevice_test

import (
	"testing"
	"time"

	"garita/devices"
	"garita/devices/devicetest/usbdevice"
	"garita/devices/devicetest/usbsuite"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLink(t *testing.T) {
	usbsuite.Run(t, func(_ *testing.T, d usbdevice.Device) usbsuite.Plugged {
		var s usbdevice.Socket
		s.Plug(d)
		return usbsuite.Plugged{
			Open:   func(reply time.Duration) (devices.USB, error) { return open(&s, reply) },
			Unplug: s.Unplug,
		}
	})
}

func open(s *usbdevice.Socket, reply time.Duration) (devices.USB, error) {
	l, err := s.Open(reply)
	if err != nil {
		return nil, err
	}
	return l, nil
}
