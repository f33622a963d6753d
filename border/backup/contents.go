package backup

import (
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"garita/border"
)

// The kinds of data folders.
const (
	Station = "station"
	Hub     = "hub"
)

// Contents says what of a data folder goes into a backup; what is not there is left out.
//
// Data keys are in none: what retention destroys must not come back with a copy. Neither are the
// identity of a station, which the hub gives anew, nor sign-in's sessions and tries, which must not go back.
type Contents struct {
	Databases []string // SQLite
	Files     []string // small ones; secrets among them are sealed under the root key
	Folders   []string // of files that are named by the SHA-256 of their bytes
}

// StationContents is what is backed up of a station.
func StationContents() Contents {
	return Contents{Databases: []string{"journal.db", "lists.db"}, Files: []string{"scanners.json", "learned.json"}, Folders: []string{"attachments", "lists"}}
}

// HubContents is what is backed up of the hub.
func HubContents() Contents {
	return Contents{Databases: []string{"hub.db", "cases.db", "lists.db", "officers.db", "stations.db", "archive.db", "self/journal.db"},
		Files: []string{"hub.key", "trust.key", "lookups.jsonl"}, Folders: []string{"attachments", "lists", "documents", "self/attachments"}}
}

// never are what no backup holds, whatever it is asked for.
func never(name string) bool {
	base := path.Base(name)
	return slices.Contains([]string{"station.key", "self.key", "identity.json", "provisioning.json"}, base) ||
		strings.HasPrefix(base, "keys.db") || strings.HasPrefix(base, "access.db")
}

// manifest lists what is in a backup.
type manifest struct {
	Files   []file   `json:"files"`
	Folders []folder `json:"folders"`
}

// file is one whose bytes are in the backup.
type file struct {
	Path     string        `json:"path"`
	Size     int64         `json:"size"`
	Digest   border.Digest `json:"sha256"`
	Database bool          `json:"database,omitempty"`
}

// folder is one whose files lie beside the backups, each once; their digests follow the manifest.
type folder struct {
	Path  string `json:"path"`
	Files int64  `json:"files"`
	Bytes int64  `json:"bytes"`
}

const (
	maxManifest = 1 << 20
	maxFiles    = 1000
	maxPath     = 200
	// maxFolder bounds how many files of a folder a backup names.
	maxFolder = 1 << 30
	// maxFile bounds a file in bytes: 16 TiB.
	maxFile = 1 << 44
)

// parseManifest reads a list of contents. Even of one that was sealed with the right key nothing is
// believed that would lead out of the folder.
func parseManifest(b []byte) (m manifest, err error) {
	if json.Unmarshal(b, &m) != nil || len(m.Files) > maxFiles || len(m.Folders) > maxFiles {
		return m, damaged("the list of contents cannot be read")
	}
	seen := make(map[string]bool)
	for _, f := range m.Files {
		if !goodPath(f.Path) || seen[f.Path] || f.Size < 0 || f.Size > maxFile || never(f.Path) {
			return m, damaged("the list of contents names what it must not")
		}
		seen[f.Path] = true
	}
	for _, f := range m.Folders {
		if !goodPath(f.Path) || seen[f.Path] || f.Files < 0 || f.Files > maxFolder || f.Bytes < 0 {
			return m, damaged("the list of contents names what it must not")
		}
		seen[f.Path] = true
	}
	return m, nil
}

// goodPath is one below the folder, in plain letters.
func goodPath(p string) bool {
	return p != "." && len(p) <= maxPath && path.Clean(p) == p && filepath.IsLocal(filepath.FromSlash(p)) &&
		!strings.ContainsFunc(p, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._/-", r))
		})
}
