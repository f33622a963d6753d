package wire

import (
	"encoding/hex"
	"strconv"

	"github.com/nats-io/nats.go"

	"garita/border"
)

// FileStream is the name of the JetStream stream that carries pieces of sealed files to the hub.
const FileStream = "GARITA_FILES"

// FileStreamSubjects is what [FileStream] listens to.
const FileStreamSubjects = "files.>"

// FileConsumer is the name of the hub's durable consumer on [FileStream].
const FileConsumer = "collect"

// KindFiles asks which files the hub wants of a station: [FilesRequest] → [FilesReply]. Of messages
// down, it tells a station to ask; its body is an empty object.
const KindFiles = "files"

// Limits of files. Whatever is beyond them is refused by the receiver and never sent by Garita.
const (
	MaxFiles = 64       // in one reply, or called lost in one request
	MaxFile  = 16 << 20 // bytes of one sealed file; both ends bound it more narrowly
)

// The headers of a piece. Which station's it is stands in the subject alone.
const (
	HeaderFile   = "Garita-File"   // SHA-256 of the whole file, 64 hexadecimal digits
	HeaderOffset = "Garita-Offset" // of the piece within it, decimal, without leading zeros
)

// FilesRequest asks for the files that the hub wants.
type FilesRequest struct {
	Limit int             `json:"limit"`          // 1 to [MaxFiles]
	Lost  []border.Digest `json:"lost,omitempty"` // wanted ones that the station has no more, or damaged
}

// FilesReply is what the hub wants, what was named first coming first.
type FilesReply struct {
	Files   []border.WantedFile `json:"files"`
	Pending int                 `json:"pending"` // all that are wanted of the station
}

// FileSubject is where a station publishes pieces of its files.
func FileSubject(s border.StationID) string { return "files." + string(s) + ".piece" }

// DecodeFilesRequest reads and checks a question for files.
func DecodeFilesRequest(b []byte) (FilesRequest, error) {
	var r FilesRequest
	if err := decode(b, &r); err != nil {
		return FilesRequest{}, err
	}
	if r.Limit < 1 || r.Limit > MaxFiles || len(r.Lost) > MaxFiles {
		return FilesRequest{}, invalid("a number is out of bounds")
	}
	return r, nil
}

// DecodeFilesReply reads and checks what the hub wants.
func DecodeFilesReply(b []byte, asked FilesRequest) (FilesReply, error) {
	var r FilesReply
	if err := decode(b, &r); err != nil {
		return FilesReply{}, err
	}
	if len(r.Files) > asked.Limit || r.Pending < 0 || r.Pending > 1<<40 {
		return FilesReply{}, invalid("a number is out of bounds")
	}
	for _, f := range r.Files {
		if f.Bytes <= 0 || f.Bytes > MaxFile || f.Held < 0 || f.Held > f.Bytes {
			return FilesReply{}, invalid("a file is out of bounds")
		}
	}
	return r, nil
}

// FileMessage puts a piece of a file into its message.
func FileMessage(p border.FilePiece) *nats.Msg {
	m := nats.NewMsg(FileSubject(p.Station))
	m.Data = p.Data
	m.Header = nats.Header{HeaderVersion: {Version}, HeaderFile: {p.Hash.String()}, HeaderOffset: {strconv.Itoa(p.Offset)}}
	return m
}

// ReadFilePiece reads a piece off its message. Its data share memory with the message. With an error
// comes the station, if the subject names one.
func ReadFilePiece(subject string, h nats.Header, data []byte) (border.FilePiece, error) {
	root, station, kind, ok := ParseSubject(subject)
	if !ok || root != "files" {
		return border.FilePiece{}, invalid("the subject names no station")
	}
	p := border.FilePiece{Station: station}
	offset := get(h, HeaderOffset)
	n, err := strconv.ParseInt(offset, 10, 32)
	name, nameErr := hex.DecodeString(get(h, HeaderFile))
	switch {
	case kind != "piece" || KnownVersion(h) != nil:
		return p, invalid("a piece of an unknown kind or version")
	case nameErr != nil || len(name) != len(p.Hash):
		return p, invalid("a piece names no file")
	case err != nil || n < 0 || n > MaxFile || strconv.FormatInt(n, 10) != offset:
		return p, invalid("a piece names no place in its file")
	case len(data) == 0 || len(data) > border.MaxFileChunk:
		return p, &border.Error{Code: border.TooLarge, Op: "read a message"}
	}
	copy(p.Hash[:], name)
	p.Offset, p.Data = int(n), data
	return p, nil
}
