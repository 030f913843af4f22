// Makes system calls as native code of an attacker would, and prints the results as JSON, e.g. {"mount": "EPERM"}. The argument
// "i386" makes one call as a 32-bit program. The arguments of the calls make an allowed call harmless. The program is static
// and uses only the standard library. Node cannot make such calls.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

type call struct {
	name string
	trap uintptr
	args [4]uintptr
}

const none = ^uintptr(0) // no such file descriptor, or address

var calls = []call{
	// Creates, enters and reads other processes.
	{"fork", 57, [4]uintptr{}},
	{"clone, a process", 56, [4]uintptr{uintptr(syscall.SIGCHLD)}},
	{"clone, a namespace for users", 56, [4]uintptr{uintptr(syscall.SIGCHLD) | syscall.CLONE_NEWUSER}},
	{"clone3", 435, [4]uintptr{0, 0}},
	{"execveat", 322, [4]uintptr{none, none, 0, 0}},
	{"memfd_create", 319, [4]uintptr{none}},
	{"ptrace", 101, [4]uintptr{syscall.PTRACE_PEEKDATA, 1, 0, 0}},
	{"process_vm_readv", 310, [4]uintptr{1, 0, 0, 0}},
	{"process_vm_writev", 311, [4]uintptr{1, 0, 0, 0}},
	{"pidfd_open", 434, [4]uintptr{1, 0}},
	{"pidfd_getfd", 438, [4]uintptr{none, 0, 0}},
	{"kcmp", 312, [4]uintptr{1, 1, 0, 0}},
	{"kill", 62, [4]uintptr{1, 0}},
	{"prlimit64 of another", 302, [4]uintptr{1, 7, 0, 0}},
	{"setpgid", 109, [4]uintptr{none, 0}},
	// Namespaces and mounts.
	{"unshare", 272, [4]uintptr{0}},
	{"setns", 308, [4]uintptr{none, 0}},
	{"mount", 165, [4]uintptr{none, none, none, 0}},
	{"umount2", 166, [4]uintptr{none, 0}},
	{"pivot_root", 155, [4]uintptr{none, none}},
	{"chroot", 161, [4]uintptr{none}},
	{"open_tree", 428, [4]uintptr{none, none, 0}},
	{"move_mount", 429, [4]uintptr{none, none, none, none}},
	{"fsopen", 430, [4]uintptr{none, 0}},
	{"mount_setattr", 442, [4]uintptr{none, none, 0, 0}},
	{"open_by_handle_at", 304, [4]uintptr{none, none, 0}},
	// The large interfaces of the kernel.
	{"io_uring_setup", 425, [4]uintptr{1, none}},
	{"io_uring_enter", 426, [4]uintptr{none, 0, 0, 0}},
	{"bpf", 321, [4]uintptr{0, none, 0}},
	{"userfaultfd", 323, [4]uintptr{none}},
	{"perf_event_open", 298, [4]uintptr{none, 0, none, none}},
	{"keyctl", 250, [4]uintptr{none, 0, 0, 0}},
	{"add_key", 248, [4]uintptr{none, none, 0, 0}},
	{"request_key", 249, [4]uintptr{none, none, 0, 0}},
	{"init_module", 175, [4]uintptr{none, 0, none}},
	{"finit_module", 313, [4]uintptr{none, none, 0}},
	{"kexec_load", 246, [4]uintptr{0, none, none, none}},
	{"fanotify_init", 300, [4]uintptr{none, none}},
	{"seccomp", 317, [4]uintptr{none, 0, 0}},
	{"personality", 135, [4]uintptr{0xffffffff}},
	{"modify_ldt", 154, [4]uintptr{0, 0, 0}},
	{"syslog", 103, [4]uintptr{none, 0, 0}},
	{"shmget", 29, [4]uintptr{0, 0, 0}},
	{"ioctl TIOCSTI", 16, [4]uintptr{none, 0x5412, none}},
	// Rights.
	{"setuid", 105, [4]uintptr{uintptr(os.Getuid())}},
	{"setgid", 106, [4]uintptr{uintptr(os.Getgid())}},
	{"capset", 126, [4]uintptr{none, 0}},
	{"prctl PR_SET_DUMPABLE", 157, [4]uintptr{4, 1, 0, 0}},
	// Files.
	{"mknodat", 259, [4]uintptr{none, none, 0, 0}},
	{"symlinkat", 266, [4]uintptr{none, none, none}},
	{"linkat", 265, [4]uintptr{none, none, none, none}},
	{"chown", 92, [4]uintptr{none, 0, 0}},
	{"ftruncate", 77, [4]uintptr{none, 0}},
	// Sockets: family, type, protocol.
	{"socket, raw", 41, [4]uintptr{syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_ICMP}},
	{"socket, packet", 41, [4]uintptr{syscall.AF_PACKET, syscall.SOCK_DGRAM, 0}},
	{"socket, netlink", 41, [4]uintptr{syscall.AF_NETLINK, syscall.SOCK_RAW, 0}},
	{"socket, vsock", 41, [4]uintptr{40, syscall.SOCK_STREAM, 0}},
	{"socket, alg", 41, [4]uintptr{38, 5, 0}},
	{"socketpair", 53, [4]uintptr{syscall.AF_UNIX, syscall.SOCK_STREAM, 0, none}},
	{"socket, unix", 41, [4]uintptr{syscall.AF_UNIX, syscall.SOCK_STREAM, 0}},
	{"socket, TCP", 41, [4]uintptr{syscall.AF_INET, syscall.SOCK_STREAM, 0}},
	{"socket, UDP", 41, [4]uintptr{syscall.AF_INET, syscall.SOCK_DGRAM, 0}},
	{"connect", 42, [4]uintptr{none, 0, 0}},
	{"rename", 82, [4]uintptr{none, none}},
	// A control, which every program needs.
	{"read", 0, [4]uintptr{none, 0, 0}},
}

// Makes a system call through the 32-bit interface, whose numbers differ. A filter for one set of numbers does not cover it.
func callAsI386(trap uint64) uint64

func main() {
	if len(os.Args) > 1 && os.Args[1] == "i386" {
		const getpid = 20
		// The filter kills only the thread that makes the call.
		runtime.GOMAXPROCS(2)
		go func() {
			time.Sleep(200 * time.Millisecond)
			os.Exit(3)
		}()
		fmt.Println(callAsI386(getpid))
		return
	}
	results := map[string]string{}
	for _, each := range calls {
		results[each.name] = attempt(each)
	}
	json.NewEncoder(os.Stdout).Encode(results)
}

// Raw, so that Go's runtime does nothing in a process that was forked.
func attempt(each call) string {
	result, _, errno := syscall.RawSyscall6(each.trap, each.args[0], each.args[1], each.args[2], each.args[3], 0, 0)
	if errno != 0 {
		return name(errno)
	}
	isNew := each.trap == 57 || each.trap == 56
	if isNew && result == 0 {
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
	}
	return "done"
}

func name(errno syscall.Errno) string {
	switch errno {
	case syscall.EPERM:
		return "EPERM"
	case syscall.ENOSYS:
		return "ENOSYS"
	}
	return "let through: " + errno.Error()
}
