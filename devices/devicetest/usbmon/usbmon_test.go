package usbmon_test

import (
	"bytes"
	"testing"

	"garita/devices"
	"garita/devices/devicetest/usbmon"

	"github.com/google/go-cmp/cmp"
)

var list = []usbmon.Transfer{
	usbmon.ControlIn(devices.Setup{RequestType: 0xC0, Request: 4, Value: 0x1234, Index: 5}, 16, []byte{1, 2, 3}),
	usbmon.ControlOut(devices.Setup{RequestType: 0x40, Request: 4}, []byte{9}),
	usbmon.In(usbmon.Interrupt, 0x81, 64, []byte("event")),
	usbmon.Out(0x02, []byte("seven")),
	{Kind: usbmon.Bulk, Endpoint: 0x82, Length: 64, Data: []byte{}, Status: -32},
}

func written(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := usbmon.Write(&b, 3, 9, list); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	got, err := usbmon.Read(bytes.NewReader(written(t)), 3, 9)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list, got); diff != "" {
		t.Error(diff)
	}
	other, err := usbmon.Read(bytes.NewReader(written(t)), 3, 8)
	if err != nil || len(other) != 0 {
		t.Errorf("another device has %d transfers: %v", len(other), err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(written(f))
	f.Add(written(f)[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := usbmon.Read(bytes.NewReader(b), 3, 9)
		if err != nil {
			return
		}
		for _, x := range list {
			if len(x.Data) > len(b) {
				t.Error("more data than the file has")
			}
		}
	})
}
