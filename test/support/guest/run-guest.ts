// Boots Debian's kernel in QEMU, without KVM and without a network, and runs a script in it. This machine's own kernel has
// neither AppArmor nor SELinux, and only cgroup v1.
import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { tryRun } from '../../../tools/cli/exec.ts'
import { makeFolder } from '../folder.ts'
import { type GuestFile, makeGuestDisk } from './guest-disk.ts'
import { buildEmulator, buildGuestKernel } from './guest-programs.ts'

export type Guest = {
  /** The folder with the root file system: Debian with a shell, coreutils, mount and util-linux. */
  root: string
  /** Path in the guest → folder of this machine, which is copied into the disk. */
  folders?: Record<string, string>
  /** Path in the guest → file. */
  files?: Record<string, GuestFile>
  /** Runs as root, in `sh -eu`. With systemd, it runs as a service after multi-user.target. */
  script: string
  init?: 'script' | 'systemd'
  security?: 'apparmor' | 'selinux'
  kernelArgs?: readonly string[]
  memoryMiB?: number
  /** By default the size of the contents and 300 MiB. */
  diskMiB?: number
  timeoutMs: number
  /** Receives each line of the output as it arrives, to show progress. */
  onLine?: (line: string) => void
}

/** `code`: the script's exit status. `output`: its standard output and error. `kernel`: the kernel's messages, with audit records. */
export type GuestResult = { code: number; output: string; kernel: string }

const FOLLOW_MS = 1_000
const ENDED = 'guest-script-ended'
const KERNEL_ARGS = [
  // Without these, the kernel leaves out records of refusals.
  ...['audit=1', 'audit_backlog_limit=8192', 'log_buf_len=16M', 'printk.devkmsg=on'],
  ...['root=/dev/nvme0n1', 'rw', 'console=ttyS0', 'loglevel=4', 'panic=-1'],
]

/** Runs the script, and hands its output to the second serial port. A confined process cannot write to the port itself. */
const runner = `#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
echo 0 >/proc/sys/kernel/printk_ratelimit
stty -F /dev/ttyS1 raw -echo
{ code=0; sh -eu /guest/script 2>&1 || code=$?; echo; echo "${ENDED} $code"; } </dev/null | cat >/dev/ttyS1
dmesg >/dev/ttyS1
sync
echo o >/proc/sysrq-trigger
sleep 60
`
const init = `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t securityfs securityfs /sys/kernel/security
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
for each in /dev/shm /run /tmp; do mount -t tmpfs tmpfs $each; done
exec /guest/run
`
const service = `[Unit]
After=multi-user.target
[Service]
Type=exec
ExecStart=/guest/run
`

/** Runs the script in a guest to its end. Throws with the last lines if the guest ends without it, or after `timeoutMs`. */
export async function runGuest(guest: Guest): Promise<GuestResult> {
  const { init: first = 'script', security, memoryMiB = 2_048, timeoutMs, onLine } = guest
  const [emulator, kernel] = [await buildEmulator(), await buildGuestKernel()]
  const folder = await makeFolder()
  const modules = { '/usr/lib/modules': kernel.modules }
  const executable = (text: string) => ({ text, mode: 0o755 })
  const files: Record<string, GuestFile> = {
    ...guest.files,
    '/guest/run': executable(runner),
    '/guest/init': executable(init),
    '/guest/script': { text: guest.script },
    ...(first === 'systemd' && { '/etc/systemd/system/guest.service': { text: service } }),
  }
  const contents = { root: guest.root, folders: { ...modules, ...guest.folders }, files }
  await makeGuestDisk(emulator, folder, contents, guest.diskMiB)
  const append = [
    ...KERNEL_ARGS,
    first === 'script' ? 'init=/guest/init' : 'systemd.wants=guest.service',
    ...(security === undefined ? [] : [`security=${security}`]),
    ...(guest.kernelArgs ?? []),
  ]
  const args = [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', String(memoryMiB)],
    ...['-kernel', `/boot/${basename(kernel.image)}`, '-append', append.join(' ')],
    ...['-nodefaults', '-no-reboot', '-display', 'none', '-nic', 'none'],
    ...['-drive', 'file=/tmp/disk.img,if=none,id=disk,format=raw,cache=unsafe'],
    ...['-device', 'nvme,drive=disk,serial=disk', '-serial', 'file:/tmp/console'],
    // Not a pipe, because QEMU drops what a slow reader does not take.
    ...['-serial', 'file:/tmp/output'],
  ]
  const paths = [emulator, folder, dirname(kernel.image)]
  const command = ['--mount', 'sh', '-euc', enter, 'sh', ...paths, ...args]
  const [consoleFile, outputFile] = [join(folder, 'console'), join(folder, 'output')]
  await writeFile(outputFile, '')
  const stopFollowing = follow(outputFile, onLine)
  const ran = await tryRun('unshare', command, { timeoutMs })
  await stopFollowing()
  const said = await readFile(outputFile, 'utf8')
  const end = new RegExp(`\\n${ENDED} (\\d+)\\n`).exec(said)
  if (end === null) {
    const log = await readFile(consoleFile, 'utf8').catch(() => '')
    const last = `${log}\n${ran.stderr}\n${said}`.trim().split('\n').slice(-30).join('\n')
    const why = ran.code === 124 ? `did not end within ${timeoutMs / 1_000} s` : 'ended early'
    throw new Error(`the guest ${why}. The last lines:\n${last}`)
  }
  const output = said.slice(0, end.index)
  return { code: Number(end[1]), output, kernel: said.slice(end.index + end[0].length) }
}

/** $1: the root with QEMU. $2: the folder with the disk. $3: the folder with the kernel. The rest are QEMU's arguments. */
const enter = `
emulator=$1 folder=$2 kernel=$3
shift 3
mount --make-rprivate /
mount --bind "$emulator" /mnt
mount --bind "$folder" /mnt/tmp
mount --bind -o ro "$kernel" /mnt/boot
mount --rbind /dev /mnt/dev
exec setpriv --pdeathsig KILL chroot /mnt qemu-system-x86_64 "$@"
`

/** Hands each new line of `file` to `onLine`, until the returned function is called. */
function follow(file: string, onLine?: (line: string) => void): () => Promise<void> {
  if (onLine === undefined) return async () => {}
  let seen = 0
  const read = async () => {
    const lines =
      (await readFile(file, 'utf8')).split(`\n${ENDED}`)[0]?.split('\n').slice(0, -1) ?? []
    for (const line of lines.slice(seen)) onLine(line)
    seen = lines.length
  }
  const timer = setInterval(read, FOLLOW_MS)
  return async () => {
    clearInterval(timer)
    await read()
  }
}
