package devices

import "context"

// Stream is an open line of bytes to a scanner. Real serial ports, keyboards, simulated
// devices and replays of a recording are streams; all pass the suite in
// devicetest/streamsuite. Read and Write are for one goroutine at a time each; Close may
// come from any.
type Stream interface {
	// Read waits for bytes and returns those that are there. (0, nil) says that the line
	// was silent for one read timeout of the transport (100 ms to 1 s): only the
	// transport can tell silence from a busy machine. When ctx ends it returns ctx's
	// error within 20 ms, and bytes that come meanwhile are kept for the next Read. Other
	// errors wrap [ErrUnplugged] or [ErrClosed] where one of these is the case.
	Read(ctx context.Context, b []byte) (int, error)
	// Write sends all of b or fails. When ctx ends first the line is of no more use.
	Write(ctx context.Context, b []byte) error
	// Close never waits for a Read. Closing again does nothing.
	Close() error
}

// Setup is the setup packet of a control transfer (USB 2.0, 9.3), without its length.
type Setup struct {
	RequestType uint8 // bit 7: direction, 1 = device to host
	Request     uint8
	Value       uint16
	Index       uint16
}

// USB is an open interface of a USB device. Real devices through libusb, emulated devices
// in the same process and replays of a recording are connections of this kind; all pass
// the suite in devicetest/usbsuite. Every call ends when ctx does (within 100 ms) and has
// the profile's time limit besides. Calls on different endpoints may run at once.
//
// Errors wrap [ErrUnplugged], [ErrClosed], [ErrStalled] or [ErrNoReply] (the time limit)
// where one of these is the case, and ctx's error when ctx ended first.
type USB interface {
	// Control makes a control transfer on endpoint 0: data is sent, or filled, as the
	// request type says. It returns the number of bytes moved.
	Control(ctx context.Context, s Setup, data []byte) (int, error)
	// Read waits for one bulk or interrupt IN transfer of at most len(b) bytes on an
	// endpoint address (bit 7 set).
	Read(ctx context.Context, endpoint uint8, b []byte) (int, error)
	// Write makes one bulk or interrupt OUT transfer of all of b.
	Write(ctx context.Context, endpoint uint8, b []byte) (int, error)
	// Close gives the interface back. It may come from any goroutine, ends calls under
	// way, and may be repeated.
	Close() error
}
