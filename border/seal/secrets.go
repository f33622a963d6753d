package seal

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"garita/border"
	"garita/border/keystore"
)

// The files of a data folder that hold its secrets, sealed under the root key.
const (
	StationFile = "station.key"
	HubFile     = "hub.key"
	KeysFile    = "keys.db"
)

// OpenStation opens the data keys of a station's folder with its sealed secret; a new station makes both.
func OpenStation(ctx context.Context, root keystore.Root, dir string, station border.StationID, prov *Provisioning) (*StationKeys, error) {
	path := filepath.Join(dir, StationFile)
	var secret StationSecret
	err := keystore.LoadFile(root, path, &secret)
	if border.CodeOf(err) == border.NotFound {
		if err := unlessKeys(dir, path); err != nil {
			return nil, err
		}
		secret = *NewStationSecret()
		err = keystore.SaveFile(root, path, &secret)
	}
	if err != nil {
		return nil, err
	}
	defer clear(secret.WrapKey)
	keys, err := OpenStationKeys(ctx, filepath.Join(dir, KeysFile), station, &secret, prov)
	if err != nil {
		return nil, err
	}
	if secret.Rows < rowsWithMACs && !keys.store.foreign { // all rows have MACs now: from here on, one without was edited
		secret.Rows = rowsWithMACs
		if err := keystore.SaveFile(root, path, &secret); err != nil {
			return nil, errors.Join(err, keys.Close())
		}
		keys.store.guard.strict = true
	}
	return keys, nil
}

// LoadStation reads a station's sealed secret, for programs that look at its folder.
func LoadStation(root keystore.Root, dir string) (*StationSecret, error) {
	var secret StationSecret
	return &secret, keystore.LoadFile(root, filepath.Join(dir, StationFile), &secret)
}

// LoadHub reads the sealed secret of the hub's folder; a new hub makes it.
func LoadHub(root keystore.Root, dir, name string) (*HubPrivate, error) {
	path := filepath.Join(dir, HubFile)
	var p HubPrivate
	err := keystore.LoadFile(root, path, &p)
	if border.CodeOf(err) == border.NotFound {
		if err := unlessKeys(dir, path); err != nil {
			return nil, err
		}
		made, err := NewHubPrivate(name)
		if err != nil {
			return nil, err
		}
		return made, keystore.SaveFile(root, path, made)
	}
	if err == nil && p.Complete() {
		err = keystore.SaveFile(root, path, &p)
	}
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// OpenHub opens the data keys of the hub's folder with its secret.
func OpenHub(ctx context.Context, root keystore.Root, dir string, private *HubPrivate) (*HubKeys, error) {
	keys, err := OpenHubKeys(ctx, filepath.Join(dir, KeysFile), private)
	if err != nil {
		return nil, err
	}
	if private.Rows < rowsWithMACs && !keys.store.foreign {
		private.Rows = rowsWithMACs
		if err := keystore.SaveFile(root, filepath.Join(dir, HubFile), private); err != nil {
			return nil, errors.Join(err, keys.Close())
		}
		keys.store.guard.strict = true
	}
	return keys, nil
}

// unlessKeys refuses to make a new secret beside keys that were wrapped with another one.
func unlessKeys(dir, path string) error {
	if _, err := os.Stat(filepath.Join(dir, KeysFile)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return &border.Error{Code: border.NotFound, Op: "read " + path,
		Message: "The key file " + filepath.Base(path) + " is gone, but its data are here. Without that file they cannot be read. Bring it back; or take keys.db away, and the station's keys come again from the hub, the hub's from the stations."}
}
