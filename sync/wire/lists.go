package wire

import (
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"garita/border"
)

// ListStream is the name of the JetStream stream that carries releases of lists to stations.
const ListStream = "GARITA_LISTS"

// ListSubjects is what [ListStream] listens to.
const ListSubjects = "lists.>"

// ListHeads is where stations listen for new heads of all lists.
const ListHeads = "lists.*.head"

// Limits of lists. Whatever is beyond them is refused by the receiver and never sent by Garita.
const (
	MaxLists     = 16        // lists of one station
	MaxListName  = 32        // bytes of a list's name
	MaxListFile  = 1 << 30   // bytes of one file of a release
	MaxListFiles = 16        // files of one release
	MaxRefused   = 64        // bytes that say why a release was refused
	ChunkSize    = 128 << 10 // bytes of a chunk; the last of a file may have fewer
)

// filesList is the token where lists' files lie; no list can be called so.
const filesList = "file"

// ValidListName reports whether name can be a list's: 1 to [MaxListName] of a–z, 0–9 and -,
// beginning with a letter or digit, and not "file".
func ValidListName(name string) bool {
	if name == "" || len(name) > MaxListName || name[0] == '-' || name == filesList {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// HeadSubject is where the head of a list stands.
func HeadSubject(list string) string { return "lists." + list + ".head" }

// ManifestSubject is where the manifest of a release stands.
func ManifestSubject(p border.ListPosition) string {
	return "lists." + p.List + "." + p.Epoch.String() + "." + strconv.FormatUint(p.Version, 10)
}

// ChunkSubject is where the n-th chunk of a file stands, counting from 0.
func ChunkSubject(d border.Digest, n int64) string {
	return FileSubjects(d) + strconv.FormatInt(n, 10)
}

// FileSubjects is what the subjects of a file's chunks begin with.
func FileSubjects(d border.Digest) string { return "lists." + filesList + "." + d.String() + "." }

// FetchSubject is where a station asks the broker for the message that stands at a subject of
// [ListStream]: a part of the broker's own API ("direct get, last by subject").
func FetchSubject(subject string) string { return "$JS.API.DIRECT.GET." + ListStream + "." + subject }

// ReadFetched reads the headers of the answer: where the message stands and its place in the
// stream. Found is false if nothing stands there.
func ReadFetched(h nats.Header) (subject string, seq uint64, found bool, err error) {
	switch status := get(h, "Status"); status {
	case "":
	case "404":
		return "", 0, false, nil
	default:
		return "", 0, false, invalid("the broker did not understand the question")
	}
	seq, err = strconv.ParseUint(get(h, "Nats-Sequence"), 10, 63)
	if err != nil || get(h, "Nats-Stream") != ListStream {
		return "", 0, false, invalid("the broker's answer is none")
	}
	return get(h, "Nats-Subject"), seq, true, nil
}

// Chunks counts the chunks of a file of size bytes.
func Chunks(size int64) int64 { return (size + ChunkSize - 1) / ChunkSize }

// ChunkLen gives the bytes of the n-th chunk of a file of size bytes.
func ChunkLen(size, n int64) int64 { return min(ChunkSize, size-n*ChunkSize) }

// ParseHeadSubject gives the list whose head stands at a subject.
func ParseHeadSubject(subject string) (list string, ok bool) {
	list, ok = strings.CutPrefix(subject, "lists.")
	if ok {
		list, ok = strings.CutSuffix(list, ".head")
	}
	if !ok || !ValidListName(list) {
		return "", false
	}
	return list, true
}

// Head names the newest release of a list, and the newest that needs no earlier one. It is a
// hint: what counts is the signature of the manifest that it names.
type Head struct {
	Position border.ListPosition `json:"position"`
	Snapshot border.ListPosition `json:"snapshot"` // the zero position: there is none
}

// DecodeHead reads and checks the head of the given list.
func DecodeHead(b []byte, list string) (Head, error) {
	var h Head
	if err := decode(b, &h); err != nil {
		return Head{}, err
	}
	if !ValidListName(list) || !validPosition(h.Position, list) || h.Position.Version == 0 {
		return Head{}, invalid("the head names no release of its list")
	}
	if h.Snapshot != (border.ListPosition{}) && (!validPosition(h.Snapshot, list) || h.Snapshot.Version == 0) {
		return Head{}, invalid("the head names no snapshot of its list")
	}
	return h, nil
}

func validPosition(p border.ListPosition, list string) bool {
	return p.List == list && p.Version <= maxSeq && (p.Version == 0 || !p.Epoch.IsZero())
}

// validReports checks what a station says of its lists.
func validReports(rs []border.ListReport) bool {
	if len(rs) > MaxLists {
		return false
	}
	seen := make(map[string]bool, len(rs))
	for _, r := range rs {
		p := r.Position
		if !ValidListName(p.List) || seen[p.List] || !validPosition(p, p.List) || len(r.Refused) > MaxRefused {
			return false
		}
		seen[p.List] = true
	}
	return true
}

// SoundReports gives those of a station's reports on its lists that a hub will take: a hello
// is not to be lost for the sake of one of them.
func SoundReports(rs []border.ListReport) []border.ListReport {
	var out []border.ListReport
	for _, r := range rs {
		r.Refused = strings.ToValidUTF8(r.Refused[:min(len(r.Refused), MaxRefused)], "")
		for _, at := range []*time.Time{&r.Since, &r.RefusedAt} {
			if _, err := at.MarshalText(); err != nil { // of a clock gone astray
				*at = time.Time{}
			}
		}
		if out = append(out, r); !validReports(out) {
			out = out[:len(out)-1]
		}
	}
	return out
}
