// Package migrations embeds the SQL that creates and upgrades the databases of Garita.
// Each file is one goose migration; a file that has been released is never changed.
package migrations

import "embed"

// The migrations by database.
var (
	//go:embed post/*.sql
	Post embed.FS // a station's journal

	//go:embed hub/*.sql
	Hub embed.FS // the national register

	//go:embed keys/*.sql
	Keys embed.FS // data keys, of a station or of the hub

	//go:embed lists/*.sql
	Lists embed.FS // the hub's watchlists

	//go:embed replica/*.sql
	Replica embed.FS // a station's copy of the lists

	//go:embed cases/*.sql
	Cases embed.FS // the hub's cases

	//go:embed archive/*.sql
	Archive embed.FS // which files the hub holds, and which are to come

	//go:embed officers/*.sql
	Officers embed.FS // the hub's accounts

	//go:embed signin/*.sql
	SignIn embed.FS // sessions and tries, of a station or of the hub

	//go:embed stations/*.sql
	Stations embed.FS // who belongs to the hub
)
