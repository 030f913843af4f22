// Runs a program in a container of the local cluster. The image is read-only, so root on the node puts the program into it.

import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runInNode } from '../../../tools/local-cluster/node/node-process.ts'
import { requireNode } from '../../../tools/verify/faults/support/node.ts'
import type { Attempts } from './attempts.ts'

/** `id`: of the container in containerd. `attempts`: the compiled program. */
export async function attemptIn(id: string, attempts: string): Promise<Attempts> {
  const node = await requireNode()
  const root = `/proc/${node.init}/root/run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/rootfs`
  const program = join(root, 'attempts')
  await copyFile(attempts, program)
  try {
    const task = ['ctr', '--namespace', 'k8s.io', 'tasks', 'exec', '--exec-id', 'attempts']
    return JSON.parse(await runInNode(node, [...task, id, '/attempts']))
  } finally {
    await rm(program)
  }
}
