// The audit log of two Pods, one of which has restarted: as the cluster has it, and after somebody changed it.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../tools/cli/exec.ts'
import { collectLogs } from '../../tools/kube/logs/collect-logs.ts'
import { listLoggedPods } from '../../tools/kube/logs/logged-pods.ts'
import { readAuditKeys } from '../../tools/verify/audit/audit-key.ts'
import { takeOutput } from '../../tools/verify/audit/container-lines.ts'
import { findInContainer, killProcess } from '../../tools/verify/faults/support/node.ts'
import { ensurePods, listPods } from '../../tools/verify/faults/support/pods.ts'
import { changes, createRandom, rewrites } from '../support/audit/mutations.ts'
import { runAudit } from '../support/audit/run-audit.ts'
import { verifyTexts } from '../support/audit/verify-text.ts'
import { cleanUp } from '../support/clean-up.ts'
import { makeFolder } from '../support/folder.ts'
import { processMessage } from '../support/process-message.ts'
import { needsLocalCluster } from '../support/skips.ts'

const gateway = { url: process.env.GATEWAY_URL ?? '' }
const signatures: string[] = []
const COUNT = 40
const CHANGES = 1_000
const CHANGES_MS = 120_000

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

  test('shows each of 1,000 random changes', { timeout: CHANGES_MS }, async () => {
    const folder = await makeFolder()
    await collectLogs(await listLoggedPods(), folder, (name) => name === 'signer')
    const logs = await readRecords(folder)
    expect(logs.length).toBeGreaterThanOrEqual(3)
    const keys = await readAuditKeys()
    const verify = (each: readonly (readonly string[])[]) =>
      verifyTexts(
        each.map((lines) => [`${lines.join('\n')}\n`]),
        undefined,
        keys,
      )
    expect((await verify(logs)).faults.count).toBe(0)
    const kinds = Object.values({ ...changes, ...rewrites })
    for (let seed = 0; seed < CHANGES; seed += 1) {
      const random = createRandom(seed)
      const chosen = random(logs.length)
      const change = kinds[seed % kinds.length] ?? ((lines) => [...lines])
      const changed = logs.map((lines, index) => (index === chosen ? change(lines, random) : lines))
      expect((await verify(changed)).faults.count, `seed ${seed}`).toBeGreaterThan(0)
    }
  })
})

/** Returns the audit lines of each file that has some, without kubelet's prefix. */
async function readRecords(folder: string): Promise<string[][]> {
  const names = await readdir(folder, { recursive: true })
  const texts = await Promise.all(
    names
      .filter((name) => name.endsWith('.log'))
      .map((name) => readFile(join(folder, name), 'utf8')),
  )
  return texts
    .map((text) =>
      text
        .split('\n')
        .map(takeOutput)
        .filter((line) => line.includes('"event":"audit"')),
    )
    .filter((lines) => lines.length > 2)
}
