// Attack 37: nobody takes the lines that the containers write. No line, no signature.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Experiment } from '../experiment.ts'
import { findSandboxOf } from '../support/node.ts'

export const auditBlocked: Experiment = {
  id: 'audit-blocked',
  title: 'the container runtime takes no output of the Pod',
  attack: '37',
  replicas: 1,
  sources: ['world', 'frontend'],
  bounds: { recoveryMs: 5_000, slowestFailureMs: 1_500 },
  run: async ({ pod, begin, recover, requireAuditLines }) => {
    const status = await readFile(`/proc/${await findSandboxOf(pod.uid)}/status`, 'utf8')
    const shim = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1])
    process.kill(shim, 'SIGSTOP')
    try {
      // 64 KiB of lines find room in the pipe first.
      await sleep(5_000)
    } finally {
      process.kill(shim, 'SIGCONT')
    }
    begin()
    await recover()
    requireAuditLines()
    return 'each signature that was given has its line'
  },
}
