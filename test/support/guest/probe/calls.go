package main

import (
	"syscall"
	"unsafe"
)

// A system call by its number. Returns its result, and nil or the error.
func call(trap uintptr, args ...uintptr) (int, error) {
	var all [6]uintptr
	copy(all[:], args)
	value, _, errno := syscall.Syscall6(trap, all[0], all[1], all[2], all[3], all[4], all[5])
	if errno != 0 {
		return -1, errno
	}
	return int(value), nil
}

// Of a call that gives a descriptor, only whether it gives one.
func opened(fd int, err error) error {
	if err != nil {
		return err
	}
	return syscall.Close(fd)
}

// The kernel checks the right before it looks for these errors, so they show that the right is there.
func past(err error, later ...error) error {
	for _, each := range later {
		if err == each {
			return nil
		}
	}
	return err
}

func text(value string) uintptr {
	bytes, _ := syscall.BytePtrFromString(value)
	kept = append(kept, bytes)
	return uintptr(unsafe.Pointer(bytes))
}

func address[T any](value *T) uintptr {
	kept = append(kept, value)
	return uintptr(unsafe.Pointer(value))
}

// What system calls get by address stays where it is.
var kept []any
