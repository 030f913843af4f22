// Attack 37: nothing reads the output of the containers. Without an audit line there is no signature.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Experiment } from '../experiment.ts'
import { findSandboxOf } from '../support/node.ts'

export const auditBlocked: Experiment = {
  id: 'audit-blocked',
  title: 'container runtime reads no output of the Pod',
  attack: '38',
  replicas: 1,
  sources: ['public', 'frontend'],
  bounds: { recoveryMs: 5_000, slowestFailureMs: 1_500 },
  isRecorded: true,
  run: async ({ pod, begin, recover }) => {
    const status = await readFile(`/proc/${await findSandboxOf(pod.uid)}/status`, 'utf8')
    const shim = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1])
    process.kill(shim, 'SIGSTOP')
    try {
      // The pipe buffers 64 KiB of lines before a write blocks.
      await sleep(5_000)
    } finally {
      process.kill(shim, 'SIGCONT')
    }
    begin()
    await recover()
    return undefined
  },
}
