// Package station wires a station's rooms together: journal, counters, scanners, uplink
// and screens. garita-post runs it; garita bench and tests start the same.
package station

import (
	"path/filepath"
	"time"

	"garita/border"
	"garita/cmd/internal/settings"
	"garita/devices/drivers"
	"garita/devices/supervisor"
)

// Config is the configuration of garita-post. Paths are relative to the working folder.
type Config struct {
	Data    string           `toml:"data" env:"GARITA_POST_DATA"`       // folder of journal.db and keys.db
	Listen  string           `toml:"listen" env:"GARITA_POST_LISTEN"`   // loopback host:port of pages and API
	Post    border.PostID    `toml:"post" env:"GARITA_POST_POST"`       // "PCA"
	Station border.StationID `toml:"station" env:"GARITA_POST_STATION"` // "PCA-1"
	Zone    string           `toml:"zone" env:"GARITA_POST_ZONE"`       // IANA zone of the post
	Hub     string           `toml:"hub" env:"GARITA_POST_HUB"`         // NATS URL of the hub; "" for a station without one

	Provisioning string   `toml:"provisioning"` // file written by garita-hub provision
	Officers     string   `toml:"officers"`     // TOML file of officers
	Lists        []string `toml:"lists"`        // the station's own, CSV files (docs/watchlist-formats.md), besides those of the hub
	Lookups      bool     `toml:"lookups"`      // the hub asks other services about travellers
	Policy       string   `toml:"policy"`       // TOML policy table; "" for the one that ships
	Form         string   `toml:"form"`         // TOML form of the record; "" for the one that ships

	Counters []Counter            `toml:"counter"`
	Scanners []supervisor.Scanner `toml:"scanner"`
	Profiles string               `toml:"profiles"` // folder of local firmware profiles, besides those that ship; "" for none
	Demo     Demo                 `toml:"demo"`

	// Bus and Opener stand in for the machine's USB in tests; the zero values are the machine's.
	Bus    supervisor.Bus `toml:"-"`
	Opener drivers.Opener `toml:"-"`
}

// Counter is one counter of the station.
type Counter struct {
	ID        border.CounterID `toml:"id"`
	Direction string           `toml:"direction"` // entry or exit, to begin with
}

// Demo connects the counter page to the simulated reader of garita demo.
type Demo struct {
	Presenter string `toml:"presenter"` // URL; "" outside the demo
}

// ReadConfig reads the configuration file and the environment.
func ReadConfig(path string, getenv func(string) string) (Config, error) {
	c := Config{Data: "var/post", Listen: "127.0.0.1:8080", Zone: "UTC", Hub: "nats://127.0.0.1:4222"}
	if err := settings.Load(path, &c, getenv); err != nil {
		return Config{}, err
	}
	if c.Provisioning == "" {
		c.Provisioning = filepath.Join(c.Data, "provisioning.json")
	}
	if c.Officers == "" {
		c.Officers = filepath.Join(c.Data, "officers.toml")
	}
	if len(c.Counters) == 0 {
		return Config{}, &border.Error{Code: border.Invalid, Op: "read the configuration",
			Message: `A station needs at least one counter: [[counter]] id = "1" direction = "entry".`}
	}
	return c, nil
}

func (c *Config) zone() (*time.Location, error) {
	z, err := time.LoadLocation(c.Zone)
	if err != nil || c.Zone == "" || c.Zone == "Local" {
		return nil, &border.Error{Code: border.Invalid, Op: "read the configuration",
			Message: "zone is no IANA time zone like America/Costa_Rica."}
	}
	return z, nil
}
