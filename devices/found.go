package devices

// Bus says how a device hangs on the machine.
type Bus string

// The buses.
const (
	BusUSB    Bus = "usb"    // found by the kernel; matched by its identity
	BusSerial Bus = "serial" // a serial node named in the configuration
	BusInput  Bus = "input"  // an input event node named in the configuration
	BusBridge Bus = "bridge" // a program at the other end of a socket named in the configuration
)

// Found is one device as the machine sees it, before anything was opened. For USB all of
// it comes from sysfs; the other buses have only Bus and Path.
type Found struct {
	Bus Bus
	// Port is the kernel's name of the socket ("1-1.2": bus 1, hub port 1, port 2). It
	// stays the same over reboots while the cable stays in the same socket of the same
	// controller.
	Port                  string
	VendorID, ProductID   uint16
	BCDDevice             uint16 // release of the device, 0x1041 for 10.41
	Serial                string // iSerial; "" if the device has none. Often not unique
	Manufacturer, Product string
	// BusNumber and DeviceNumber are the usbfs address; they change with every plugging.
	BusNumber, DeviceNumber int
	Interfaces              []Interface
	Descriptors             []byte // as in the sysfs file of that name; at most 64 KiB
	// Path is the node or socket address of a device that is not found on USB.
	Path string
}

// Interface is one interface of a USB device in its active configuration.
type Interface struct {
	Number                    uint8
	Class, Subclass, Protocol uint8
	Driver                    string // the kernel's driver, "cdc_acm"; "" if none is bound
	TTY                       string // "/dev/ttyACM0"; "" if it has none
	Input                     string // "/dev/input/event3"; "" if it has none
}
