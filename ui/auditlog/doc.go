// Package auditlog is the auditor's page: what was done and tried, by whom as a pseudonym, and how
// far the logs are proved. It shows nobody's data.
//
//	GET  /audit    audit.read
//	POST /audit    the same with a filter, which may hold a pseudonym and so is no part of an address
package auditlog
