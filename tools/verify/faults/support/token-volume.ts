// Replaces the frontend's token in its volume atomically, as kubelet does. kubelet is paused, because it would restore its
// own token.
import { mkdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findOnNode } from './node.ts'
import type { Pod } from './pods.ts'
import { locateVolume } from './volumes.ts'

/** Writes a token to the volume, or removes it. */
export type PutToken = (token: string | undefined) => Promise<void>

/** Calls `use` with the function that replaces the token. Restores the volume afterwards. */
export async function withTokenVolume(
  pod: Pod,
  use: (put: PutToken) => Promise<void>,
): Promise<void> {
  const folder = await locateVolume(pod, 'projected', 'caller-token')
  const original = await readlink(join(folder, '..data'))
  const kubelet = await findOnNode('kubelet')
  const made: string[] = []
  const point = async (state: string) => {
    await symlink(state, join(folder, '..data_new'))
    await rename(join(folder, '..data_new'), join(folder, '..data'))
  }
  process.kill(kubelet, 'SIGSTOP')
  try {
    await use(async (token) => {
      const state = `..put-${made.length}`
      await mkdir(join(folder, state), { mode: 0o755 })
      made.push(state)
      if (token !== undefined) await writeFile(join(folder, state, 'token'), token, { mode: 0o444 })
      await point(state)
    })
  } finally {
    await point(original)
    for (const state of made) await rm(join(folder, state), { recursive: true })
    process.kill(kubelet, 'SIGCONT')
  }
}
