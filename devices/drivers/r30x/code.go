package r30x

import (
	"fmt"

	"garita/border"
	"garita/devices"
)

// The instructions used here (R30x and R503 user manuals).
const (
	genImg      = 0x01 // look for a finger, and keep its image
	upImage     = 0x0a // send the image that is kept
	readSysPara = 0x0f
	verifyPwd   = 0x13
	getRandom   = 0x14
	templateNum = 0x1d
)

// The confirmation codes used here.
const (
	codeOK       = 0x00
	codeDamaged  = 0x01 // the command came damaged
	codeNoFinger = 0x02
	codeNoImage  = 0x03 // a finger, and no image of it
	codeNoUpload = 0x0f
	codePassword = 0x13
	codeEmpty    = 0x15 // no image is kept
)

// refused says what a confirmation code other than OK means.
func refused(code byte) error {
	e := &border.Error{Code: border.Unavailable, Op: fmt.Sprintf("fingerprint module: code 0x%02X", code), Err: devices.ErrStalled}
	switch code {
	case codeDamaged:
		e.Err = devices.ErrProtocol
		e.Message = "The module received a damaged command. Check the cable and the baud rate."
	case codeNoImage:
		e.Message = "The module cannot take an image of this finger. Clean finger and glass, and present it again."
	case codePassword:
		e.Code, e.Err = border.Forbidden, devices.ErrPermission
		e.Message = "The module is locked with a password that Garita does not know. Reset the module's password to 0 with its maker's program."
	case codeNoUpload, codeEmpty:
		e.Message = "The module cannot hand over the image. Present the finger again."
	default:
		e.Message = fmt.Sprintf("The module refuses a command (code 0x%02X). Unplug it and plug it in again.", code)
	}
	return e
}
