// Package stations is the hub's page about who belongs to it: stations with what they hold and
// for how long, and the one-time codes by which they become one.
//
//	GET  /stations                          stations.read
//	POST /stations                   add    stations.work
//	POST /stations/:station/rotate          stations.work
//	POST /stations/:station/replace         stations.work
//	POST /stations/:station/revoke          stations.work
package stations
