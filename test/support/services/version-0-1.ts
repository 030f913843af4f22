// The signer of version 0.1.0, as a process that runs its sources from the history of this repository.
import { spawn } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { cleanUp } from '../clean-up.ts'
import { type Entries, makeFolder, makeVolume } from '../folder.ts'
import { START_MS } from '../timeouts.ts'

/** The last commit of version 0.1.0. */
const commit = 'c7f23bdb093b9a83599991b175066c532696834a'
const git = ['-C', CHECKOUT]

/** A shallow clone does not have the commit. */
export const hasVersion01 = (await tryRun('git', [...git, 'cat-file', '-e', commit])).code === 0

/** Starts it with these entries in its Secret. Its libraries are those of this version. */
export async function startVersion01(entries: Entries) {
  const [folder, keyDir, pairingDir] = [
    await makeFolder(),
    await makeVolume(entries),
    await makeFolder(),
  ]
  const archive = join(folder, 'sources.tar')
  await run('git', [...git, 'archive', '-o', archive, commit, 'package.json', 'signer', 'runtime'])
  await run('tar', ['-xf', archive, '-C', folder])
  await symlink(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'))
  const socket = join(folder, 'signer.sock')
  const env = {
    SIGNER_SOCKET: socket,
    SIGNER_KEY_DIR: keyDir,
    SIGNER_PAIRING_DIR: pairingDir,
  }
  const child = spawn(process.execPath, [join(folder, 'signer/main.ts')], { env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  const exit = new Promise((done) => child.on('close', done))
  cleanUp(async () => {
    child.kill('SIGKILL')
    await exit
  })
  await vi.waitUntil(() => output.includes('"event":"listening"'), START_MS)
  return { socket, pairingDir, output: () => output }
}
