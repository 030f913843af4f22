// make preview on the live cluster: four changes under load, twenty hostile pull requests, and runs that are interrupted.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { CHECKOUT, readText } from '../../tools/cli/checkout.ts'
import { readKeys } from '../../tools/deploy/keys/hmac-key.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { startLoad } from '../../tools/verify/faults/load/start-load.ts'
import { checkSignatures, summarize } from '../../tools/verify/faults/summarize.ts'
import { makeFolder } from '../support/folder.ts'
import type { Change } from '../support/mistakes/mistakes.ts'
import { pullRequests } from '../support/preview/hostile.ts'
import { actAsPreview } from './support/account.ts'
import {
  listScratch,
  type Run,
  readCluster,
  runPreview,
  startPreview,
  writeChange,
} from './support/run-preview.ts'

const REQUESTS = 10_000
const PER_SECOND = 25
const permissive: Change = [
  'PeerAuthentication/signer-require-mtls',
  'spec.mtls.mode',
  'PERMISSIVE',
]
const onePath: Change = [
  'AuthorizationPolicy/signer-allow-gateway',
  'spec.rules.0.to.0.operation.paths.+',
  '/orders',
]
const audit: Change = [
  'ValidatingAdmissionPolicyBinding/secure-signing-key-stays-in-signer',
  'spec.validationActions',
  ['Audit'],
]

/** A signing.yaml of our own application with one route more. */
async function writeRoute(): Promise<string> {
  const home = join(CHECKOUT, 'k8s/frontend')
  const text = await readText(join(home, 'signing.yaml'))
  const file = join(await makeFolder(), 'signing.yaml')
  const route = 'routes:\n  - {method: GET, path: /healthz}'
  await writeFile(
    file,
    text.replace('resources: [.]', `resources: [${home}]`).replace('routes:', route),
  )
  return file
}

function show(what: string, { report, seconds }: Run): void {
  console.log(`${what}: ${report.verdict}, ${seconds.toFixed(0)} s`)
  for (const { class: found, what: cell, before, after } of report.requests) {
    console.log(`  ${found}: ${cell}: ${before} → ${after}`)
  }
  for (const each of report.admission.slice(0, 3)) {
    console.log(`  ${each.class}: ${each.name}: ${each.before} → ${each.after}`)
  }
}

describe('an interrupted run', () => {
  test('leaves nothing after Ctrl-C', { timeout: 400_000 }, async () => {
    const run = startPreview(await writeChange(permissive))
    await waitForScratch()
    run.kill('SIGINT')
    expect(await run.ended).toBe(130)
    expect(await listScratch()).toEqual([])
  })

  test('leaves what the next run removes after kill -9', { timeout: 600_000 }, async () => {
    const run = startPreview(await writeChange(permissive))
    await waitForScratch()
    run.kill('SIGKILL')
    await run.ended
    const [left = ''] = (await listScratch()).toSorted()
    expect(left).not.toBe('')
    const next = await runPreview({ FILES: await writeChange(audit) })
    expect(next.stderr).toContain(`${left} of an interrupted preview is removed`)
    expect(await listScratch()).toEqual([])
  })

  function waitForScratch() {
    return waitFor(
      async () => ((await listScratch()).length > 0 ? true : undefined),
      120_000,
      () => 'no scratch namespace',
    )
  }
})

describe('a preview', () => {
  test('shows what opens, and the live deployment serves on', { timeout: 2_400_000 }, async () => {
    const url = process.env.GATEWAY_URL ?? ''
    const load = await startLoad({ spec: { kind: 'public', url }, perSecond: PER_SECOND })
    const start = Date.now()
    onTestFinished(() => void load.stop())

    const mtls = await runPreview({ FILES: await writeChange(permissive) })
    show('mTLS PERMISSIVE', mtls)
    expect(mtls.code).toBe(1)
    expect(mtls.report.requests).toContainEqual({
      class: 'weakens',
      what: 'a Pod without a sidecar → POST /sign of the signer',
      before: 'refused by mTLS (closed)',
      after: 'refused by policy (403 RBAC: access denied)',
    })

    const path = await runPreview({ FILES: await writeChange(onePath) })
    show('one more path in a policy', path)
    expect(path.code).toBe(1)
    expect(path.report.requests).toMatchObject([
      {
        class: 'opens',
        what: "a Pod with the gateway's identity, past its routes → POST /orders of the frontend",
      },
    ])

    const admission = await runPreview({ FILES: await writeChange(audit) })
    show('an admission binding at Audit', admission)
    expect(admission.code).toBe(1)
    expect(admission.report.requests).toEqual([])
    expect(admission.report.admission).toContainEqual(
      expect.objectContaining({ class: 'opens', after: 'accepted' }),
    )

    const route = await runPreview({ CONFIG: await writeRoute() })
    show('a new public route', route)
    expect(route.code).toBe(0)
    expect(route.report.verdict).toBe('nothing opens')
    expect(route.report.requests.map((each) => each.class)).toContain('declared')

    await sleep(Math.max(0, (REQUESTS / PER_SECOND) * 1_000 + 20_000 - (Date.now() - start)))
    const samples = checkSignatures(await load.stop(), await readKeys())
    const { requests, failed, how } = summarize(samples, start)
    console.log(`the live deployment: ${requests} requests, ${failed} failed`)
    expect({ failed, how }).toEqual({ failed: 0, how: {} })
    expect(requests).toBeGreaterThanOrEqual(REQUESTS)
    expect(await listScratch()).toEqual([])
  })

  test('takes the rights of examples/gitops/preview, and no others', {
    timeout: 900_000,
  }, async () => {
    const { KUBECONFIG, isAllowed } = await actAsPreview()
    expect(await isAllowed(['get', 'secret', 'hmac-key', '-n', 'signing'])).toBe(false)
    expect(await isAllowed(['delete', 'pods', '--all', '-n', 'signing'])).toBe(false)
    expect(await isAllowed(['create', 'namespace', 'signing-preview-x'])).toBe(false)
    expect(await isAllowed(['create', 'namespace', 'other'])).toBe(false)
    expect(await isAllowed(['create', 'token', 'secure-signing', '-n', 'signing'])).toBe(false)
    const exec = ['exec', 'deploy/secure-signing', '-n', 'signing', '-c', 'frontend', '--']
    expect(await isAllowed([...exec, '/nodejs/bin/node', '-e', '1'])).toBe(false)
    const run = await runPreview({ KUBECONFIG, FILES: await writeChange(onePath) })
    expect(run.report.requests).toHaveLength(1)
    expect(run.code).toBe(1)
  })
})

describe('twenty pull requests are refused, with the cluster as it was', () => {
  let before: readonly string[]
  beforeAll(async () => {
    before = await readCluster()
  })

  for (const [name, [change, refusal]] of Object.entries(pullRequests)) {
    test(name, { timeout: 120_000 }, async () => {
      const { code, report, stdout } = await runPreview({ FILES: await writeChange(change) })
      expect(report.refused.filter((each) => refusal.test(each))).not.toEqual([])
      expect(report.refused[0]).toMatch(/:\d+: \[refused\] /)
      expect(stdout).toContain('nothing was applied')
      expect({ code, cluster: await readCluster() }).toEqual({ code: 3, cluster: before })
    })
  }

  test('a remote base', async () => {
    const folder = await makeFolder()
    const text = 'resources: [https://github.com/evil/base]\n'
    await writeFile(join(folder, 'kustomization.yaml'), text)
    const { code, report } = await runPreview({ FILES: folder })
    expect(report.refused).toMatchObject([/reads https:\/\/github\.com\/evil\/base/])
    expect(code).toBe(3)
    expect(await kubectl(['get', 'namespaces', '-o', 'name'])).not.toContain('-preview-')
  })
})
