// Package signin is how people sign in, switch, agree as the second person and sign out: the page
// for it, and the same as JSON for the other pages' scripts and for programs.
//
//	GET    /signin                  the page                                 public
//	POST   /signin                  the same as a form                       public
//	POST   /session                 sign in                                  public
//	GET    /session                 who is signed in                         whoever is
//	POST   /session/lock            lock: badge and PIN go on                whoever is
//	DELETE /session                 sign out                                 whoever is
//	POST   /signout                 the same as a form                       whoever is
//	POST   /session/language        the language of the pages                public
//	POST   /session/pin             change one's PIN; the hub only           whoever is
//	POST   /session/passkey/begin   sign in with a passkey                   public
//	POST   /session/passkey/finish                                           public
//	POST   /seconds                 a second person agrees, beside who is signed in
//	POST   /seconds/passkey/begin   the same with a passkey
//	POST   /seconds/passkey/finish
package signin
