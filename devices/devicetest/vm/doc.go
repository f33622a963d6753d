// Package vm holds the tests that need a kernel of their own: they plug emulated devices
// into it, pull them out and take their rights away, and reach them through the very
// transports, drivers and supervisor of a station. `make test-vm` runs them in a virtual
// machine; outside of it there is nothing here to run.
//
// A test whose name begins with TestVMFault is about a fault. It injects the fault with
// [inject], which proves from another source than the code under test that the fault is
// really there. The control run switches all injection off, and then each of these tests
// must fail.
package vm
