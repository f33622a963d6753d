//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"strings"
)

// usbRoot is where the kernel shows what is plugged in. The tests read it themselves, so
// that what they hold against package hotplug does not come from it.
const usbRoot = "/sys/bus/usb/devices"

// ports lists the sockets ("3-1") in which a device with this serial number is.
func ports(serial string) []string {
	files, _ := filepath.Glob(filepath.Join(usbRoot, "*", "serial"))
	var found []string
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && strings.TrimSpace(string(b)) == serial {
			found = append(found, filepath.Base(filepath.Dir(file)))
		}
	}
	return found
}

// ttys lists the serial nodes of the device in a socket.
func ttys(port string) []string {
	dirs, _ := filepath.Glob(filepath.Join(usbRoot, port, port+":*", "tty", "*"))
	var found []string
	for _, dir := range dirs {
		found = append(found, "/dev/"+filepath.Base(dir))
	}
	return found
}

// empty says whether a socket has no device in it.
func empty(port string) bool {
	_, err := os.Stat(filepath.Join(usbRoot, port))
	return os.IsNotExist(err)
}
