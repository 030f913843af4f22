// Prometheus shows that the end of an audit log was cut off.
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collectLogs } from '../../../tools/kube/logs/collect-logs.ts'
import { listLoggedPods } from '../../../tools/kube/logs/logged-pods.ts'
import { startPortForward } from '../../../tools/kube/port-forward.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { runAudit } from '../../support/audit/run-audit.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makeFolder } from '../../support/folder.ts'
import { processMessage } from '../../support/process-message.ts'
import { EFFECT_MS } from '../../support/timeouts.ts'
import { namespace } from './prometheus.ts'
import { query } from './queries.ts'

export function testAudit(): void {
  test('a cut end of the audit log is found by the counter in Prometheus', async () => {
    const gateway = { url: process.env.GATEWAY_URL ?? '' }
    const countRecords = async () =>
      Math.max(...(await query('signer_audit_records')).map(({ value }) => value))
    const before = await countRecords()
    for (let count = 0; count < 5; count += 1) {
      await processMessage(gateway, `audit ${count}`, { waitMs: 0, ca: undefined })
    }
    await waitFor(
      async () => (await countRecords()) >= before + 5 || undefined,
      EFFECT_MS,
      () => 'Prometheus has not counted the records',
    )
    const { port, stop } = await startPortForward(['-n', namespace, 'pod/prometheus-test-0'], 9090)
    cleanUp(stop)
    const env = { PROMETHEUS_URL: `http://127.0.0.1:${port}` }
    const whole = await runAudit('verify-audit.ts', env)
    expect([whole.code, whole.stdout]).toEqual([0, expect.stringContaining(' records intact: ')])

    const folder = await makeFolder()
    await collectLogs(await listLoggedPods(), folder, (name) => name === 'signer')
    for (const name of await readdir(folder, { recursive: true })) {
      if (!name.endsWith('.log')) continue
      const lines = (await readFile(join(folder, name), 'utf8')).split('\n')
      const records = lines.filter((line) => line.includes('"event":"audit"'))
      const rest = lines.slice(0, lines.indexOf(records.at(-4) ?? ''))
      await writeFile(join(folder, name), `${rest.join('\n')}\n`)
      // As if it was copied a minute later. A copy may be half a minute older than its file.
      const later = new Date(Date.now() + 60_000)
      await utimes(join(folder, name), later, later)
    }
    const cut = await waitFor(
      async () => {
        const result = await runAudit('verify-audit.ts', { ...env, FILES: folder })
        return result.code === 1 ? result : undefined
      },
      EFFECT_MS,
      () => 'the cut end is not found',
    )
    expect(cut.stdout).toMatch(
      /FAULT instance \S+: deleted: the records of the Pod \S+ end with seq \d+/,
    )
  })
}
