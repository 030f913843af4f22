package main

import (
	"os"
	"syscall"
)

const shared = "/dev/shm/"

var files = []attempt{
	{"read /etc/passwd", func() error { return open("/etc/passwd", syscall.O_RDONLY) }},
	{"read /run/key/primary", func() error { return open("/run/key/primary", syscall.O_RDONLY) }},
	{"list /", func() error { return open("/", syscall.O_RDONLY|syscall.O_DIRECTORY) }},
	{"write to its own memory file", func() error { return open("/proc/self/mem", syscall.O_RDWR) }},
	{"read the environment of another process", func() error {
		return open("/proc/"+peer+"/environ", syscall.O_RDONLY)
	}},
	{"create /dev/shm/other", func() error { return create(shared + "other") }},
	{"write /dev/shm/probe-file", func() error { return open(shared+"probe-file", syscall.O_WRONLY) }},
	{"unlink /dev/shm/probe-file", func() error { return unlink(shared + "probe-file") }},
}

// In the volumes that the signer writes to.
var volumes = []attempt{
	{"create /run/signer/other", func() error { return create("/run/signer/other") }},
	{"create /run/pairing/other", func() error { return create("/run/pairing/other") }},
	{"make a folder in /run/signer", func() error {
		return undo(syscall.Mkdir("/run/signer/folder", 0o777), func() error { return syscall.Rmdir("/run/signer/folder") })
	}},
	{"make a symbolic link in /run/signer", func() error { return made(syscall.Symlink("/run/key", link)) }},
	{"make a hard link in /run/signer", func() error { return made(syscall.Link("/run/signer/probe-file", link)) }},
	{"make a device in /run/signer", func() error { return made(syscall.Mknod(link, syscall.S_IFCHR|0o666, 1<<8|3)) }},
	{"change the mode of /run/signer/probe-file", func() error { return syscall.Chmod("/run/signer/probe-file", 0o666) }},
	{"change the owner of /run/signer/probe-file", func() error {
		return undo(syscall.Chown("/run/signer/probe-file", 1, 1), func() error { return syscall.Chown("/run/signer/probe-file", 0, 0) })
	}},
	// The last, because a program that may unlink may not be able to create.
	{"unlink /run/signer/probe-file", func() error { return unlink("/run/signer/probe-file") }},
	{"unlink /run/pairing/probe-file", func() error { return unlink("/run/pairing/probe-file") }},
}

const link = "/run/signer/link"

func open(path string, flags int) error {
	return opened(syscall.Open(path, flags, 0))
}

func create(path string) error {
	fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL, 0o666)
	return undo(opened(fd, err), func() error { return syscall.Unlink(path) })
}

func unlink(path string) error {
	err := syscall.Unlink(path)
	if err == nil {
		_ = provide(path)
	}
	return err
}

// Creates a file that others may change.
func provide(path string) error {
	if err := os.WriteFile(path, []byte("probe"), 0o666); err != nil {
		return err
	}
	return os.Chmod(path, 0o666)
}

func made(err error) error {
	return undo(err, func() error { return syscall.Unlink(link) })
}

func undo(err error, restore func() error) error {
	if err == nil {
		check(restore())
	}
	return err
}
