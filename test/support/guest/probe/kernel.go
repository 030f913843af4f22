package main

import "syscall"

const detach = 2 // MNT_DETACH

// Mounts, and what the kernel offers beside files, sockets and processes.
var kernel = []attempt{
	{"mount", func() error {
		return undo(syscall.Mount("tmpfs", "/dev/shm", "tmpfs", 0, ""), unmountShared)
	}},
	{"mount with fsopen and move_mount", func() error { return undo(moveMount(), unmountShared) }},
	{"unmount", func() error {
		const expire = 4
		return past(syscall.Unmount("/dev/shm", expire), syscall.EAGAIN, syscall.EBUSY)
	}},
	{"System V shared memory", func() error {
		id, err := call(syscall.SYS_SHMGET, 0, 4096, 0o600)
		if err == nil {
			_, err = call(syscall.SYS_SHMCTL, uintptr(id), 0, 0)
		}
		return err
	}},
	{"POSIX message queue", func() error {
		name := text("probe")
		err := opened(call(240, name, syscall.O_RDWR|syscall.O_CREAT, 0o600, 0))
		return undo(err, func() error { _, err := call(241, name); return err })
	}},
	{"io_uring", func() error { return opened(call(425, 1, address(&[120]byte{}))) }},
	{"key in a keyring", func() error {
		const ofProcess = ^uintptr(1)
		_, err := call(syscall.SYS_ADD_KEY, text("user"), text("probe"), text("x"), 1, ofProcess)
		return err
	}},
	{"userfaultfd", func() error { return opened(call(323, 0)) }},
	{"bpf map", func() error {
		return opened(call(321, 0, address(&[16]uint32{2, 4, 4, 1}), 64))
	}},
	{"performance counter of the kernel", func() error {
		event := [32]uint32{1, 128} // PERF_TYPE_SOFTWARE, size
		return opened(call(298, address(&event), ^uintptr(0), 0, ^uintptr(0), 0))
	}},
	{"fanotify", func() error { return opened(call(300, 0, 0)) }},
	{"log of the kernel", func() error {
		_, err := call(syscall.SYS_SYSLOG, 3, address(&[64]byte{}), 64)
		return err
	}},
	{"kernel module", func() error {
		_, err := call(syscall.SYS_INIT_MODULE, text("x"), 1, text(""))
		return past(err, syscall.ENOEXEC)
	}},
}

func unmountShared() error {
	return syscall.Unmount("/dev/shm", detach)
}

func moveMount() error {
	const create, emptyPath = 6, 4
	context, err := call(430, text("tmpfs"), 0)
	if err != nil {
		return err
	}
	if _, err = call(431, uintptr(context), create, 0, 0, 0); err != nil {
		return err
	}
	mount, err := call(432, uintptr(context), 0, 0)
	if err != nil {
		return err
	}
	here := -100 // AT_FDCWD
	_, err = call(429, uintptr(mount), text(""), uintptr(here), text("/dev/shm"), emptyPath)
	return err
}

// What root may do with a capability.
var rights = []attempt{
	{"chroot", func() error {
		if err := syscall.Unshare(syscall.CLONE_FS); err != nil {
			return err
		}
		return syscall.Chroot("/")
	}},
	{"become another user", func() error {
		_, err := call(syscall.SYS_SETUID, 12345)
		return err
	}},
	{"set the host name", func() error {
		var system syscall.Utsname
		if err := syscall.Uname(&system); err != nil {
			return err
		}
		var name []byte
		for _, each := range system.Nodename {
			if each == 0 {
				break
			}
			name = append(name, byte(each))
		}
		return syscall.Sethostname(name)
	}},
	{"raise its priority", func() error { return syscall.Setpriority(syscall.PRIO_PROCESS, 0, -5) }},
}
