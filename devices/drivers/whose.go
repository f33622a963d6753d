package drivers

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"garita/border"
	"garita/devices"

	"golang.org/x/sys/unix"
)

// whose makes sure that an open node is that of the device that was found. The kernel
// gives numbers of nodes out again at once: between the look at the bus and the opening
// ttyACM0 may have become another reader's, and another counter's.
//
// A node that sysfs knows nothing of (a pseudo-terminal) is nobody's on USB and passes.
func whose(sysfs, node string, at devices.Found) error {
	if at.Bus != devices.BusUSB {
		return nil // the configuration named the node
	}
	var st unix.Stat_t
	if err := unix.Stat(node, &st); err != nil {
		return notThere(err)
	}
	link := filepath.Join(sysfs, "dev", "char", strconv.FormatUint(uint64(unix.Major(st.Rdev)), 10)+":"+strconv.FormatUint(uint64(unix.Minor(st.Rdev)), 10))
	dir, err := filepath.EvalSymlinks(link)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return notThere(err)
	}
	for ; len(dir) > len(sysfs) && dir != "/"; dir = filepath.Dir(dir) {
		number, err := os.ReadFile(filepath.Join(dir, "devnum"))
		if err != nil {
			continue // not the USB device yet, only something on it
		}
		if filepath.Base(dir) == at.Port && strings.TrimSpace(string(number)) == strconv.Itoa(at.DeviceNumber) {
			return nil
		}
		break
	}
	return notThere(errors.New("the node is another device's now"))
}

func notThere(err error) error {
	return &border.Error{Code: border.NotFound, Op: "open scanner", Message: "The scanner was unplugged while it was being opened.",
		Err: errors.Join(devices.ErrNotFound, err)}
}
