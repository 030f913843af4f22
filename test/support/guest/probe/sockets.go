package main

import "syscall"

const servedPort = 7601

var sockets = []attempt{
	{"TCP socket", socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)},
	{"UDP socket", socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)},
	{"TCP socket for IPv6", socket(syscall.AF_INET6, syscall.SOCK_STREAM, 0)},
	{"UDP socket for IPv6", socket(syscall.AF_INET6, syscall.SOCK_DGRAM, 0)},
	{"raw socket", socket(syscall.AF_INET, syscall.SOCK_RAW, syscall.IPPROTO_ICMP)},
	{"raw socket for IPv6", socket(syscall.AF_INET6, syscall.SOCK_RAW, 58)},
	{"packet socket", socket(syscall.AF_PACKET, syscall.SOCK_DGRAM, 0)},
	{"netlink socket", socket(syscall.AF_NETLINK, syscall.SOCK_RAW, 0)},
	{"Unix stream socket", socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)},
	{"Unix datagram socket", socket(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)},
	{"Unix seqpacket socket", socket(syscall.AF_UNIX, syscall.SOCK_SEQPACKET, 0)},
	{"socket pair", func() error {
		_, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		return err
	}},
	{"listen on TCP port 9000", bound(syscall.AF_INET, &syscall.SockaddrInet4{Port: 9000})},
	{"listen on TCP port 80", bound(syscall.AF_INET, &syscall.SockaddrInet4{Port: 80})},
	{"listen on an abstract Unix socket", bound(syscall.AF_UNIX, &syscall.SockaddrUnix{Name: "@other"})},
	{"connect to a TCP port", connected(syscall.AF_INET, loopback)},
	{"connect to a Unix socket", connected(syscall.AF_UNIX, &syscall.SockaddrUnix{Name: shared + "probe.sock"})},
	{"connect to an abstract Unix socket", connected(syscall.AF_UNIX, &syscall.SockaddrUnix{Name: "@probe"})},
	{"connect to the signer's socket", connected(syscall.AF_UNIX, &syscall.SockaddrUnix{Name: "/run/signer/signer.sock"})},
}

var loopback = &syscall.SockaddrInet4{Port: servedPort, Addr: [4]byte{127, 0, 0, 1}}

func socket(family, kind, protocol int) func() error {
	return func() error { return opened(syscall.Socket(family, kind, protocol)) }
}

func bound(family int, name syscall.Sockaddr) func() error {
	return func() error { return opened(listen(family, name)) }
}

func connected(family int, name syscall.Sockaddr) func() error {
	return func() error {
		fd, err := syscall.Socket(family, syscall.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer syscall.Close(fd)
		return syscall.Connect(fd, name)
	}
}

func listen(family int, name syscall.Sockaddr) (int, error) {
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM, 0)
	if err != nil {
		return -1, err
	}
	if err = syscall.Bind(fd, name); err == nil {
		err = syscall.Listen(fd, 1024)
	}
	if err != nil {
		syscall.Close(fd)
	}
	return fd, err
}
