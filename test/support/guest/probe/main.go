// Tries what a confined container must not do, as native code of an attacker would. `probe LABEL PEER NAME…` makes the named
// attempts, and `probe LABEL PEER` makes all. Each prints a line, e.g. {"name":"mount","comm":"LABEL-40","errno":"EACCES"}. No
// errno means success, and what a success has changed is put back. `comm` is in the kernel's records. `probe serve` makes what
// the attempts need, prints its process id, which is PEER, and stays. `probe --as TEXT ARGUMENT…` first writes TEXT to its own
// attr/exec, so that it runs under that profile or type. The program is static, for x86-64.
package main

import (
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
)

type attempt struct {
	name string
	try  func() error
}

type result struct {
	Name  string `json:"name"`
	Comm  string `json:"comm"`
	Errno string `json:"errno"`
}

func main() {
	switch args := os.Args[1:]; {
	case len(args) > 2 && args[0] == "--as":
		check(becomeOther(args[1], args[2:]))
	case slices.Equal(args, []string{"serve"}):
		serve()
	case slices.Equal(args, []string{"started"}):
	case len(args) == 2 && args[0] == "replaced":
		report(replaceItself, args[1], nil)
	case len(args) >= 2:
		probe(args[0], args[1], args[2:])
	default:
		check(errors.New("usage: probe LABEL PEER [NAME…]"))
	}
}

func probe(label, process string, names []string) {
	peer = process
	for index, each := range attempts() {
		if len(names) > 0 && !slices.Contains(names, each.name) {
			continue
		}
		comm := label + "-" + strconv.Itoa(index)
		report(each.name, comm, onOwnThread(comm, each.try))
	}
}

func attempts() []attempt {
	return slices.Concat(files, volumes, programs, sockets, processes, kernel, rights, last)
}

const replaceItself = "replace itself with a program"

// The name of the thread that makes the attempt.
var current string

// A success ends this program, and the next one reports it.
var last = []attempt{
	{replaceItself, func() error {
		return syscall.Exec(os.Args[0], []string{os.Args[0], "replaced", current}, nil)
	}},
}

// The thread ends with the attempt, and what it has changed for itself ends with it. Its name is in the kernel's records.
func onOwnThread(comm string, try func() error) error {
	current = comm
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		const setName = 15
		_, err := call(syscall.SYS_PRCTL, setName, text(comm))
		check(err)
		done <- try()
	}()
	return <-done
}

func becomeOther(text string, rest []string) error {
	runtime.LockOSThread()
	if err := os.WriteFile("/proc/thread-self/attr/exec", []byte(text), 0); err != nil {
		return err
	}
	return syscall.Exec(os.Args[0], append([]string{os.Args[0]}, rest...), os.Environ())
}

func report(name, comm string, err error) {
	check(json.NewEncoder(os.Stdout).Encode(result{name, comm, nameOf(err)}))
}

var names = map[syscall.Errno]string{
	syscall.EPERM: "EPERM", syscall.EACCES: "EACCES", syscall.ENOENT: "ENOENT", syscall.ENOSYS: "ENOSYS",
	syscall.EROFS: "EROFS", syscall.EINVAL: "EINVAL", syscall.EBUSY: "EBUSY", syscall.ESRCH: "ESRCH",
	syscall.EAFNOSUPPORT: "EAFNOSUPPORT", syscall.ECONNREFUSED: "ECONNREFUSED", syscall.EEXIST: "EEXIST",
}

func nameOf(err error) string {
	if err == nil {
		return ""
	}
	if errno, ok := err.(syscall.Errno); ok && names[errno] != "" {
		return names[errno]
	}
	return err.Error()
}

func check(err error) {
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
