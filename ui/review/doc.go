// Package review is the hub's page about what took effect without its second person, and about
// what officers did whose roster had expired.
//
//	GET  /review            review.read
//	POST /review/:review    review.decide
package review
