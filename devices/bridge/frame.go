package bridge

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"garita/border"
)

// magic begins every frame. Its last character is the version of the framing, which no
// version of the contract can change: hello and its refusal are read by all.
const magic = "GBR1"

// prefixLen is the length of what stands before the header: magic, length of the header
// and length of the bytes, each 4 bytes, big endian.
const prefixLen = 12

// The types of frames.
const (
	// Either way.
	TypeAlive = "alive" // nothing but: I am here
	TypeError = "error" // the answer to a request that failed; without an id: why the connection ends

	// From the station.
	TypeHello    = "hello"
	TypeStart    = "start"
	TypeServe    = "serve"
	TypeCapture  = "capture"
	TypeSelfTest = "self_test"
	TypeIndicate = "indicate"
	TypeCancel   = "cancel"

	// From the bridge.
	TypeWelcome = "welcome" // answers hello
	TypeStarted = "started" // answers start
	TypeImage   = "image"   // answers capture; its bytes are the pixels
	TypeDone    = "done"    // answers self_test and indicate
	TypeReading = "reading" // a document was presented while serve is under way
	TypeState   = "state"   // what became of the device
	TypePage    = "page"    // an image of a document page; reserved, stations ignore it
)

// Header is the JSON of a frame. Which fields have a meaning depends on Type
// (docs/BRIDGE.md); receivers ignore the others and those they do not know.
type Header struct {
	Type string `json:"type"`
	// ID is the station's number of a request, 1 to 2⁵³−1, never used twice on a
	// connection; the same in its cancel, its answer and its readings.
	ID uint64 `json:"id,omitempty"`
	// DeadlineMS is how long the bridge may take, from when it has read the frame.
	DeadlineMS int64 `json:"deadline_ms,omitempty"`

	Versions    []int  `json:"versions,omitempty"`     // hello; error "version": what the bridge speaks
	Software    string `json:"software,omitempty"`     // hello, welcome: name and version, for the log
	HeartbeatMS int64  `json:"heartbeat_ms,omitempty"` // hello
	Version     int    `json:"version,omitempty"`      // welcome
	Device      *Info  `json:"device,omitempty"`       // welcome

	Firmware string `json:"firmware,omitempty"` // started
	Text     string `json:"text,omitempty"`     // started

	Position border.FingerPosition `json:"position,omitempty"` // capture, image
	Width    int                   `json:"width,omitempty"`    // image
	Height   int                   `json:"height,omitempty"`   // image
	DPI      int                   `json:"dpi,omitempty"`      // image
	Liveness string                `json:"liveness,omitempty"` // image: "live", "attack" or none

	Step   string `json:"step,omitempty"`   // self_test
	Signal string `json:"signal,omitempty"` // indicate

	Lines   []string `json:"lines,omitempty"`   // reading: the document
	Fault   string   `json:"fault,omitempty"`   // reading: incomplete, oversize or garbage
	Chatter bool     `json:"chatter,omitempty"` // reading: the device itself calls it no document

	State string `json:"state,omitempty"` // state

	Code    string `json:"code,omitempty"`     // error
	SDKCode int32  `json:"sdk_code,omitempty"` // error: the number the maker's library gave; for the log
}

// Frame is a header and the bytes that follow it.
type Frame struct {
	Header
	Bytes []byte // personal data; clear it after use
}

// What can be wrong with a frame. Compare with [errors.Is].
var (
	errMagic    = errors.New("not a frame of this contract")
	errTooLarge = errors.New("frame beyond its limits")
	errJSON     = errors.New("header is not the JSON it should be")
)

// AppendFrame appends the encoding of f to b, without its bytes, which follow.
func AppendFrame(b []byte, f Frame) ([]byte, error) {
	header, err := json.Marshal(f.Header)
	if err != nil {
		return b, err
	}
	if len(header) > MaxHeader || len(f.Bytes) > MaxBytes {
		return b, errTooLarge
	}
	b = append(b, magic...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(header)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.Bytes)))
	return append(b, header...), nil
}

// ReadFrame reads one frame. room says how many bytes may follow a header; it is asked
// before they are allocated, and more are an error; a negative answer lets them pass by
// unread. The error is [io.EOF] if the connection ended between two frames.
func ReadFrame(r io.Reader, room func(Header) int) (Frame, error) {
	var prefix [prefixLen]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return Frame{}, err
	}
	if string(prefix[:4]) != magic {
		return Frame{}, errMagic
	}
	header, size := binary.BigEndian.Uint32(prefix[4:]), binary.BigEndian.Uint32(prefix[8:])
	if header > MaxHeader || size > MaxBytes {
		return Frame{}, errTooLarge
	}
	text := make([]byte, header)
	if _, err := io.ReadFull(r, text); err != nil {
		return Frame{}, cutShort(err)
	}
	var f Frame
	err := json.Unmarshal(text, &f.Header)
	clear(text) // it may hold the lines of a document
	if err != nil || f.Type == "" {
		return Frame{}, errJSON // the parser's words may quote the header
	}
	if size == 0 {
		return f, nil
	}
	switch most := room(f.Header); {
	case most < 0:
		_, err = io.CopyN(io.Discard, r, int64(size))
	case size > uint32(most):
		return Frame{}, fmt.Errorf("%w: %d bytes after a header that may have %d", errTooLarge, size, most)
	default:
		f.Bytes = make([]byte, size)
		_, err = io.ReadFull(r, f.Bytes)
	}
	if err != nil {
		clear(f.Bytes)
		return Frame{}, cutShort(err)
	}
	return f, nil
}

// cutShort makes an end within a frame differ from one between frames.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
