// The audit log of two Pods, one of which has restarted: as the cluster has it, and after somebody changed it.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../tools/cli/exec.ts'
import { collectLogs } from '../../tools/kube/logs/collect-logs.ts'
import { listLoggedPods } from '../../tools/kube/logs/logged-pods.ts'
import { findInContainer, killProcess } from '../../tools/verify/faults/support/node.ts'
import { ensurePods, listPods } from '../../tools/verify/faults/support/pods.ts'
import { runAudit } from '../support/audit/run-audit.ts'
import { cleanUp } from '../support/clean-up.ts'
import { makeFolder } from '../support/folder.ts'
import { processMessage } from '../support/process-message.ts'
import { needsLocalCluster } from '../support/skips.ts'

const gateway = { url: process.env.GATEWAY_URL ?? '' }
const signatures: string[] = []
const COUNT = 40

async function signMessages(): Promise<void> {
  for (let index = 0; index < COUNT; index += 1) {
    const message = `audit ${signatures.length} ${Date.now()}`
    const answer = await processMessage(gateway, message, { waitMs: 20_000, ca: undefined })
    signatures.push(answer?.signature ?? '')
  }
}

describe('the audit log of two Pods', needsLocalCluster, () => {
  beforeAll(async () => {
    cleanUp(() => ensurePods(1))
    await ensurePods(2, 'signer')
    await signMessages()
    const [pod] = await listPods()
    if (pod === undefined) throw new Error('there is no Pod')
    await killProcess(await findInContainer(pod, 'signer', 'node'))
    await signMessages()
  })

  test('is intact on the cluster, with the container before the restart', async () => {
    const { code, stdout } = await runAudit('verify-audit.ts')
    expect(stdout).toMatch(/^\d+ records intact: \d+ signatures of [2-9] signer instances, from /)
    expect(code).toBe(0)
  })

  test('has every signature', async () => {
    const env = { SIGNATURE: '-' }
    const { code, stdout } = await runAudit('who-signed.ts', env, signatures.join('\n'))
    const found = stdout.trimEnd().split('\n')
    expect(found.map((line) => line.slice(10, 74))).toEqual(signatures)
    expect(found.every((line) => / caller=spiffe:\S+\/ns\/signing\/sa\/\S+ /.test(line))).toBe(true)
    expect(code).toBe(0)
  })

  test('has not what nobody signed', async () => {
    const { code, stdout } = await runAudit('who-signed.ts', { SIGNATURE: '0'.repeat(64) })
    expect(stdout).toBe(`signature=${'0'.repeat(64)} not by these signers\n`)
    expect(code).toBe(1)
  })

  test('is intact in the output of kubectl logs', async () => {
    const args = ['logs', '-n', 'signing', '-l', 'app=secure-signing', '--tail=-1', '--prefix']
    const log = await run('kubectl', [...args, '--timestamps', '--all-containers'])
    const { code, stdout } = await runAudit('verify-audit.ts', { FILES: '-' }, log)
    expect(stdout).toMatch(/ signatures of [12] signer instances?, from /)
    expect(code).toBe(0)
  })

  test('shows an edit and a deletion with their file and line', async () => {
    const folder = await makeFolder()
    await collectLogs(await listLoggedPods(), folder, (name) => name === 'signer')
    const names = (await readdir(folder, { recursive: true })).filter((each) =>
      each.endsWith('.log'),
    )
    const [name = ''] = names.sort()
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n')
    const signed = lines.flatMap((line, index) => (line.includes('"signed"') ? [index] : []))
    const [edited = 0, deleted = 0] = signed.slice(2)
    const changed = lines.with(edited, lines[edited]?.replace('"caller":"', '"caller":"x') ?? '')
    await writeFile(join(folder, name), changed.toSpliced(deleted, 1).join('\n'))
    const { code, stdout } = await runAudit('verify-audit.ts', { FILES: folder })
    const [first, second, verdict] = stdout.split('\n')
    expect(first).toMatch(
      new RegExp(`^FAULT .*${name}:${edited + 1}: instance \\S+ seq \\d+: edited or forged`),
    )
    expect(second).toMatch(/^FAULT instance \S+: deleted: seq \d+ is missing$/)
    expect(verdict).toMatch(/^2 faults\. /)
    expect(code).toBe(1)
  })
})
