// Package station wires a station's rooms together: journal, counters, scanners, uplink
// and screens. garita-post runs it; garita bench and tests start the same.
package station

import (
	"time"

	"garita/border"
	"garita/cmd/internal/rootkey"
	"garita/cmd/internal/settings"
	"garita/devices/drivers"
	"garita/devices/supervisor"
)

// Config is the configuration of garita-post. Paths are relative to the working folder.
type Config struct {
	Data   string `toml:"data" env:"GARITA_POST_DATA"`     // folder of journal.db and keys.db
	Listen string `toml:"listen" env:"GARITA_POST_LISTEN"` // loopback host:port of pages and API
	// Post, station, zone and hub are what the hub said at enrolment; what is set here must not
	// contradict it, but for the hub's address.
	Post    border.PostID    `toml:"post" env:"GARITA_POST_POST"`       // "PCA"
	Station border.StationID `toml:"station" env:"GARITA_POST_STATION"` // "PCA-1"
	Zone    string           `toml:"zone" env:"GARITA_POST_ZONE"`       // IANA zone of the post
	Hub     string           `toml:"hub" env:"GARITA_POST_HUB"`         // URL of the hub's broker, if it has moved: "tls://host:port"
	Enrol   string           `toml:"enrol" env:"GARITA_POST_ENROL"`     // URL of the hub's enrolment, if it has moved: "https://host:port"

	TLS   TLS            `toml:"tls"`
	Hosts []string       `toml:"hosts"` // names, besides addresses and localhost, under which browsers reach the station
	Keys  rootkey.Config `toml:"keys"`
	Idle  int            `toml:"idle_minutes"` // after which a counter without input is locked; 0: 2

	Lists   []string `toml:"lists"`   // the station's own, CSV files (docs/watchlist-formats.md), besides those of the hub
	Lookups bool     `toml:"lookups"` // the hub asks other services about travellers
	Policy  string   `toml:"policy"`  // TOML policy table; "" for the one that ships
	Form    string   `toml:"form"`    // TOML form of the record; "" for the one that ships

	// Retention is a TOML policy of what is erased when; "" for the one that ships.
	Retention string `toml:"retention"`
	Backups   string `toml:"backups"` // folder that gets an encrypted backup every day; "": none

	// FilesRate bounds what attached files take of the line to the hub, in KiB a second; 0: 256.
	FilesRate int `toml:"files_kib_s"`

	Papers Papers `toml:"papers"`

	Counters []Counter            `toml:"counter"`
	Scanners []supervisor.Scanner `toml:"scanner"`
	Profiles string               `toml:"profiles"` // folder of local firmware profiles, besides those that ship; "" for none
	Demo     Demo                 `toml:"demo"`

	// Bus and Opener stand in for the machine's USB in tests; the zero values are the machine's.
	Bus    supervisor.Bus `toml:"-"`
	Opener drivers.Opener `toml:"-"`
	// Training is where the folders of training are made, outside of Data; "": the machine's for temporary files.
	Training string `toml:"training"`
	// Alone keeps the station from its hub: while its projections are rebuilt.
	Alone bool `toml:"-"`
}

// Papers says how supporting papers are drawn.
type Papers struct {
	// Program is garita-render; "": the one beside this program.
	Program string `toml:"program"`
	// WithoutLandlock draws papers also where the kernel has no Landlock: seccomp, limits and the
	// deadline alone have to hold a hostile paper.
	WithoutLandlock bool `toml:"without_landlock"`
}

// TLS says how the pages are served. Without it they are served on loopback only.
type TLS struct {
	// Own uses the certificate that the hub gave; browsers must know the hub's authority.
	Own bool `toml:"own"`
	// Certificate and Key are PEM files of another one.
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
}

// Counter is one counter of the station.
type Counter struct {
	ID        border.CounterID `toml:"id"`
	Direction string           `toml:"direction"` // entry or exit, to begin with
}

// Demo is the demonstration: invented people, accounts and keys that are refused anywhere else.
type Demo struct {
	On        bool   `toml:"on"`
	Presenter string `toml:"presenter"` // URL of the simulated readers; "": none
}

// ReadConfig reads the configuration file and the environment.
func ReadConfig(path string, getenv func(string) string) (Config, error) {
	c := Config{Data: "var/post", Listen: "127.0.0.1:8080"}
	if err := settings.Load(path, &c, getenv); err != nil {
		return Config{}, err
	}
	if len(c.Counters) == 0 {
		return Config{}, &border.Error{Code: border.Invalid, Op: "read the configuration",
			Message: `A station needs at least one counter: [[counter]] id = "1" direction = "entry".`}
	}
	return c, c.named()
}

// named refuses counters that have the names of training counters, or would leave theirs none.
func (c *Config) named() error {
	for _, at := range c.Counters {
		if at.ID.IsTraining() || at.ID.Training().Validate() != nil {
			return &border.Error{Code: border.Invalid, Op: "read the configuration",
				Message: "No counter may be called " + string(at.ID) + ": names that begin with T are those of training counters, and others have 1 to 31 characters of A–Z, 0–9 and '-'."}
		}
	}
	return nil
}

func (c *Config) zone() (*time.Location, error) {
	z, err := time.LoadLocation(c.Zone)
	if err != nil || c.Zone == "" || c.Zone == "Local" {
		return nil, &border.Error{Code: border.Invalid, Op: "read the configuration",
			Message: "zone is no IANA time zone like America/Costa_Rica."}
	}
	return z, nil
}
