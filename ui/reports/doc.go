// Package reports is the hub's reports of flows: a week or a month in pictures with their tables, to
// read, to print and to take away as a file.
//
//	GET  /reports                        reports.read    which there are
//	GET  /reports/:period                reports.read    2026-W47 or 2026-11, all posts
//	GET  /reports/:period/posts/:post    reports.read    one post
//	GET  /reports/:period/file           reports.export  the numbers as CSV
//
// Whoever may read the register (register.read) sees every number on the pages. To all others, and in
// every file, small ones are hidden, with as many more as it takes ([garita/border/flows.Hide]): a file
// travels on. Which are hidden is decided for the whole country at once, so that the reports of all
// posts together give none away.
package reports
