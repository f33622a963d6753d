package confine

import (
	"errors"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets in what a filter sees of a call (struct seccomp_data), little endian.
const (
	offNumber = 0
	offArch   = 4
	offArg0   = 16 // each argument has 8 bytes, the low half first
)

// allowed are the calls that Go's runtime, the C library and MuPDF make while they compute.
// Found by running the drawing tests under the filter, which kills at the first other one.
var allowed = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_WRITEV, unix.SYS_CLOSE,
	unix.SYS_BRK, unix.SYS_MUNMAP, unix.SYS_MREMAP, unix.SYS_MADVISE,
	unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY,
	unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_SET_TID_ADDRESS, unix.SYS_GETTID, unix.SYS_GETPID,
	unix.SYS_GETRANDOM, unix.SYS_SYSINFO /* sorting asks how much memory there is */, unix.SYS_EPOLL_PWAIT, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
}

// refused are calls that libraries try and can go without: they fail instead of ending the process.
var refused = map[uint32]unix.Errno{
	unix.SYS_OPENAT:     unix.EACCES, // the allocator asks how much the kernel overcommits
	unix.SYS_FACCESSAT:  unix.EACCES,
	unix.SYS_READLINKAT: unix.EACCES,
	unix.SYS_FSTAT:      unix.EACCES,
	unix.SYS_FCNTL:      unix.EPERM,
	unix.SYS_IOCTL:      unix.ENOTTY,
	unix.SYS_PRLIMIT64:  unix.EPERM,
	unix.SYS_CLONE3:     unix.ENOSYS, // its flags cannot be seen here; the C library then uses clone
}

// errNoFilter: written for machines that we do not have.
var errNoFilter = errors.New("no filter is known for this kind of processor")

// filter puts the list in force for all threads, and for those to come.
func filter() error {
	arch, ok := map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}[runtime.GOARCH]
	if !ok {
		return errNoFilter
	}
	code := program(arch, uint32(unix.Getpid()))
	p := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&p))) //nolint:gosec // the kernel reads the program from there
	runtime.KeepAlive(code)
	switch {
	case errno != 0:
		return errno
	case thread != 0:
		return errors.New("a thread could not be brought under the filter")
	}
	return nil
}

// program writes the filter: another processor's calls and what is not named end the process.
func program(arch, pid uint32) []unix.SockFilter {
	p := &assembler{}
	p.load(offArch)
	p.unless(arch, unix.SECCOMP_RET_KILL_PROCESS)
	p.load(offNumber)
	if arch == unix.AUDIT_ARCH_X86_64 {
		p.atLeast(0x40000000, unix.SECCOMP_RET_KILL_PROCESS) // x32 has other numbers for the same calls
	}
	for _, nr := range allowed {
		p.is(nr, unix.SECCOMP_RET_ALLOW)
	}
	for nr, errno := range refused {
		p.is(nr, unix.SECCOMP_RET_ERRNO|uint32(errno))
	}
	for nr, errno := range older {
		p.is(nr, unix.SECCOMP_RET_ERRNO|uint32(errno))
	}
	// No page is ever executable that was not at the start.
	for _, nr := range []uint32{unix.SYS_MMAP, unix.SYS_MPROTECT} {
		p.withoutBits(nr, 2, unix.PROT_EXEC)
	}
	// A new thread, never a new process or namespace.
	const thread = unix.CLONE_THREAD | unix.CLONE_VM | unix.CLONE_SIGHAND
	const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
		unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET
	p.withBits(unix.SYS_CLONE, 0, thread|namespaces, thread)
	p.withArgument(unix.SYS_TGKILL, 0, pid) // Go interrupts its own threads
	p.withArgument(unix.SYS_PRCTL, 0, unix.PR_SET_VMA)
	p.withArgument(unix.SYS_PRCTL, 0, unix.PR_GET_SECCOMP)
	p.answer(unix.SECCOMP_RET_KILL_PROCESS)
	return p.code
}

// assembler writes a filter in classic BPF. The accumulator holds the call's number between
// its steps.
type assembler struct{ code []unix.SockFilter }

func (p *assembler) add(op uint16, k uint32, yes, no uint8) {
	p.code = append(p.code, unix.SockFilter{Code: op, Jt: yes, Jf: no, K: k})
}

func (p *assembler) load(offset uint32)   { p.add(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset, 0, 0) }
func (p *assembler) answer(action uint32) { p.add(unix.BPF_RET|unix.BPF_K, action, 0, 0) }

// jump compares the accumulator with k and goes on yes or no steps further.
func (p *assembler) jump(how uint16, k uint32, yes, no uint8) {
	p.add(unix.BPF_JMP|how|unix.BPF_K, k, yes, no)
}

func (p *assembler) unless(k, action uint32) {
	p.jump(unix.BPF_JEQ, k, 1, 0)
	p.answer(action)
}

func (p *assembler) atLeast(k, action uint32) {
	p.jump(unix.BPF_JGE, k, 0, 1)
	p.answer(action)
}

func (p *assembler) is(nr, action uint32) {
	p.jump(unix.BPF_JEQ, nr, 0, 1)
	p.answer(action)
}

// withoutBits allows a call that has none of the bits in an argument; else it is refused.
func (p *assembler) withoutBits(nr, argument, bits uint32) {
	p.jump(unix.BPF_JEQ, nr, 0, 4)
	p.load(offArg0 + 8*argument)
	p.jump(unix.BPF_JSET, bits, 0, 1)
	p.answer(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM))
	p.answer(unix.SECCOMP_RET_ALLOW)
}

// withBits allows a call that has, of the mask's bits in an argument, just those; else it is refused.
func (p *assembler) withBits(nr, argument, mask, bits uint32) {
	p.jump(unix.BPF_JEQ, nr, 0, 5)
	p.load(offArg0 + 8*argument)
	p.add(unix.BPF_ALU|unix.BPF_AND|unix.BPF_K, mask, 0, 0)
	p.jump(unix.BPF_JEQ, bits, 1, 0)
	p.answer(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM))
	p.answer(unix.SECCOMP_RET_ALLOW)
}

// withArgument allows a call whose argument has that value, in both halves. Any other value
// goes on to what follows, with the number loaded again.
func (p *assembler) withArgument(nr, argument, value uint32) {
	p.jump(unix.BPF_JEQ, nr, 0, 6)
	p.load(offArg0 + 8*argument + 4)
	p.jump(unix.BPF_JEQ, 0, 0, 3)
	p.load(offArg0 + 8*argument)
	p.jump(unix.BPF_JEQ, value, 0, 1)
	p.answer(unix.SECCOMP_RET_ALLOW)
	p.load(offNumber)
}
