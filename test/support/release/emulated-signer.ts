// Runs the signer of an image for arm64 in its own file system, by QEMU's user mode.
import { spawn } from 'node:child_process'
import { chmod, chown, copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readEntrypoint, readEnvironment } from '../../../tools/images/containerfile.ts'
import { cleanUp } from '../clean-up.ts'
import { type Entries, mountEntries } from '../folder.ts'
import type { RegistryTools } from './registry-tools.ts'

const user = 10002
const settings = {
  SIGNER_SOCKET: '/run/signer/signer.sock',
  SIGNER_KEY_DIR: '/run/key',
  SIGNER_PAIRING_DIR: '/run/pairing',
  SIGNER_FREEZE_DIR: 'none',
}

/** Starts it in `root`, with the image's command, user and variables. Returns its output, socket and pairing folder. */
export async function startEmulatedSigner(root: string, tools: RegistryTools, secret: Entries) {
  const folders = ['run/key', 'run/signer', 'run/pairing'].map((name) => join(root, name))
  const [keyDir = '', socketDir = '', pairingDir = ''] = folders
  for (const folder of folders) await mkdir(folder, { recursive: true })
  await chmod(root, 0o755)
  await mountEntries(keyDir, secret)
  for (const folder of [socketDir, pairingDir]) await chown(folder, user, user)
  await copyFile(tools.path('usr/bin/qemu-aarch64-static'), join(root, 'emulator'))
  const mounts = 'mount --bind /dev "$0/dev"; mount -t proc proc "$0/proc"; exec chroot "$@"'
  await Promise.all(['dev', 'proc'].map((name) => mkdir(join(root, name), { recursive: true })))
  const chroot = [`--userspec=${user}:${user}`, root, '/emulator', ...readEntrypoint('signer')]
  const args = ['--mount', 'sh', '-ec', mounts, root, ...chroot]
  const env = { PATH: process.env.PATH, ...readEnvironment('signer'), ...settings }
  const child = spawn('unshare', args, { env })
  let output = ''
  const exit = new Promise((done) => child.on('close', done))
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  cleanUp(() => {
    child.kill('SIGKILL')
    return exit
  })
  return { socket: join(socketDir, 'signer.sock'), pairingDir, output: () => output }
}
