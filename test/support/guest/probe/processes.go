package main

import (
	"os"
	"strconv"
	"syscall"
)

const (
	ptraceSeize = 0x4206
	pidfdOpen   = 434
	pidfdGetfd  = 438
)

// Another process, with the rights of the node's root: `probe serve`.
var processes = []attempt{
	{"trace another process", func() error {
		_, err := call(syscall.SYS_PTRACE, ptraceSeize, peerID(), 0, 0)
		return err // The end of the thread ends it.
	}},
	{"read the memory of another process", func() error {
		var found [8]byte
		_, err := call(310, peerID(), iovec(&found), 1, iovec(&marker), 1, 0)
		if err == nil && found != marker {
			return syscall.EFAULT
		}
		return err
	}},
	{"take a descriptor of another process", func() error {
		fd, err := call(pidfdOpen, peerID(), 0)
		if err != nil {
			return err
		}
		return opened(call(pidfdGetfd, uintptr(fd), 1, 0))
	}},
	{"send a signal to another process", func() error { return syscall.Kill(int(peerID()), syscall.SIGCONT) }},
	{"enter the namespace of another process", func() error {
		fd, err := syscall.Open("/proc/"+peer+"/ns/net", syscall.O_RDONLY, 0)
		if err != nil {
			return err
		}
		_, err = call(308, uintptr(fd), 0)
		return err
	}},
	{"make a user namespace", func() error { return cloned(syscall.CLONE_NEWUSER) }},
	{"make a mount namespace", func() error { return syscall.Unshare(syscall.CLONE_NEWNS) }},
}

// Raw, so that Go's runtime does nothing in the new process.
func cloned(flags uintptr) error {
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, flags|uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	if pid == 0 {
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 0, 0, 0)
	}
	_, err := syscall.Wait4(int(pid), nil, 0, nil)
	return err
}

// What `probe serve` has printed.
var peer string

func peerID() uintptr {
	pid, err := strconv.Atoi(peer)
	check(err)
	return uintptr(pid)
}

// Makes what the attempts need, as far as it can be made here, and stays.
func serve() {
	check(provide(shared + "probe-file"))
	for _, volume := range []string{"/run/signer/", "/run/pairing/"} {
		// Each container has other volumes, and only some are writable.
		_ = provide(volume + "probe-file")
	}
	_ = syscall.Unlink(shared + "probe.sock")
	// Where containers share a network, another one may already listen.
	_, err := listen(syscall.AF_UNIX, &syscall.SockaddrUnix{Name: shared + "probe.sock"})
	check(err)
	check(os.Chmod(shared+"probe.sock", 0o777))
	_, err = listen(syscall.AF_UNIX, &syscall.SockaddrUnix{Name: "@probe"})
	check(past(err, syscall.EADDRINUSE))
	_, err = listen(syscall.AF_INET, loopback)
	check(past(err, syscall.EADDRINUSE))
	os.Stdout.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	for {
		check(syscall.Pause())
	}
}
