// Package officers is the hub's pages about its officers: the accounts, for administrators, and
// everybody's own.
//
//	GET  /officers                    the list, and the form to add one   officers.read
//	POST /officers                    add                                 officers.work
//	POST /officers/change             name, roles, posts, language        officers.work
//	POST /officers/revoke                                                 officers.work
//	POST /officers/pin                a new PIN, shown once               officers.work
//	POST /officers/passkeys/remove                                        officers.work
//	GET  /account                     one's own                           own_pin
//	POST /account/pin                                                     own_pin
//	POST /account/passkeys/begin      JSON                                own_pin
//	POST /account/passkeys/finish     JSON                                own_pin
//	POST /account/passkeys/remove                                         own_pin
//
// Badges travel in bodies, never in addresses.
package officers
