package main

import (
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

const memfdCreate = 319

var programs = []attempt{
	{"start a program", func() error { return start(os.Args[0]) }},
	{"start a program in memory", func() error {
		content, err := os.ReadFile(os.Args[0])
		if err != nil {
			content = []byte("unreadable")
		}
		fd, err := makeMemoryFile(content)
		if err != nil {
			return err
		}
		return past(start("/proc/self/fd/"+strconv.Itoa(fd)), syscall.ENOEXEC)
	}},
	{"map a file for execution", func() error {
		fd, err := syscall.Open("/etc/nsswitch.conf", syscall.O_RDONLY, 0)
		if err != nil {
			return err
		}
		return mapForExecution(fd)
	}},
	{"map a file in memory for execution", func() error {
		fd, err := makeMemoryFile([]byte("probe"))
		if err != nil {
			return err
		}
		return mapForExecution(fd)
	}},
}

func start(path string) error {
	pid, err := syscall.ForkExec(path, []string{path, "started"}, nil)
	if err != nil {
		return err
	}
	_, err = syscall.Wait4(pid, nil, 0, nil)
	return err
}

func makeMemoryFile(content []byte) (int, error) {
	fd, err := call(memfdCreate, text("probe"), 0)
	if err != nil {
		return fd, err
	}
	_, err = syscall.Write(fd, content)
	return fd, err
}

func mapForExecution(fd int) error {
	_, err := syscall.Mmap(fd, 0, 5, syscall.PROT_READ|syscall.PROT_EXEC, syscall.MAP_PRIVATE)
	return err
}

// In another process of this program it has the same address.
var marker = [8]byte{'m', 'a', 'r', 'k', 'e', 'r'}

func iovec(value *[8]byte) uintptr {
	return address(&syscall.Iovec{Base: (*byte)(unsafe.Pointer(value)), Len: 8})
}
