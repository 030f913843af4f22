// make evidence on the live cluster: the record of an earlier instance of the signer, files that kubelet has rotated, the marker of a
// freeze, and a user who may not read the node's files.

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { run, tryRun } from '../../tools/cli/exec.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { KUBECONFIG } from '../../tools/local-cluster/paths.ts'
import { findSignerFolder } from '../../tools/verify/attack/audit-files.ts'
import { probeFrom } from '../../tools/verify/attack/containers.ts'
import {
  makeRequestId,
  readStatus,
  withCredentials,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import {
  findTarget,
  SIGNER_IN_POD,
  stealCredentials,
  type Target,
} from '../../tools/verify/attack/target.ts'
import { findInContainer, killProcess } from '../../tools/verify/faults/support/node.ts'
import { findPod } from '../../tools/verify/faults/support/pods.ts'
import { cleanUp } from '../support/clean-up.ts'
import { makeFolder } from '../support/folder.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { findInLogs } from './support/find-in-logs.ts'
import { floodFrom } from './support/flood-from.ts'

/** kubelet looks at the size each 10 s. */
const ROTATION = { timeout: 120_000, interval: 500 }
const RESTART = { timeout: 60_000, interval: 200 }
const mark = 'evidence-test'
const reader = 'evidence-reader'

describe('make evidence', needsLocalCluster, () => {
  let target: Target
  let id: string
  let onNode: string

  beforeAll(async () => {
    target = await findTarget()
    onNode = await findSignerFolder(target.uid)
    id = await sign(target)
    await killProcess(await findInContainer(await findPod(), 'signer', 'node'))
    await vi.waitFor(() => sign(target), RESTART)
    await rotate(target, onNode)
    cleanUp(() => run('node', [join(CHECKOUT, 'tools/incident/thaw.ts')]))
    await kubectl([
      ...['create', 'configmap', 'signer-freeze', '-n', namespace, `--from-literal=frozen=${mark}`],
    ])
  }, 300_000)

  test('has the files of every instance, rotated ones as they are, and the marker', async () => {
    const { code, said, out } = await collect()
    expect({ code, said }).toMatchObject({ code: 0, said: expect.not.stringContaining('NOT READ') })
    const folder = await findSignerFolder(target.uid, join(out, 'logs'))
    const names = (await readdir(onNode)).filter((name) => !name.endsWith('.tmp'))
    expect((await readdir(folder)).sort()).toEqual(names.sort())
    const rotated = names.filter((name) => !name.endsWith('.log'))
    expect(rotated.length).toBeGreaterThan(0)
    for (const name of rotated) {
      const [copy, original] = await Promise.all(
        [folder, onNode].map((each) => readFile(join(each, name))),
      )
      expect(copy?.equals(original ?? Buffer.alloc(0)), name).toBe(true)
    }
    const { found } = await findInLogs(folder, id)
    expect(found).toHaveLength(1)
    expect(found[0]).not.toMatch(new RegExp(`^${newest(names)}\\.log`))
    expect(await readFile(join(out, 'resources/freeze-marker.yaml'), 'utf8')).toContain(mark)
  })

  test('without the right nodes/proxy, has the newest files, and names what is missing', async () => {
    const kubeconfig = await makeReader()
    const { code, said, out } = await collect(kubeconfig)
    expect(code).toBe(0)
    expect(said).toMatch(/NOT READ {2}logs of \S+ \(signer\): .*nodes\/proxy.* rotated/)
    const folder = await findSignerFolder(target.uid, join(out, 'logs'))
    const last = newest(await readdir(onNode))
    expect((await readdir(folder)).sort()).toEqual([
      `${last - 1}.kubectl.log`,
      `${last}.kubectl.log`,
    ])
    expect((await findInLogs(folder, id)).found).toEqual([`${last - 1}.kubectl.log`])
  })
})

/** The number of the running instance. */
function newest(names: readonly string[]): number {
  return Math.max(...names.map((name) => Number.parseInt(name, 10)))
}

/** Returns the id of a signed request. */
async function sign({ frontend, ...target }: Target): Promise<string> {
  const id = makeRequestId()
  const stolen = await stealCredentials({ frontend, ...target })
  const bytes = writeRequest(withCredentials(stolen, { headers: { 'x-request-id': id } }))
  const [outcome] = await probeFrom(frontend, [{ ...SIGNER_IN_POD, bytes }])
  expect(readStatus(outcome?.received ?? '')).toBe(200)
  return id
}

/** Has so much signed that kubelet rotates the file. */
async function rotate(target: Target, folder: string): Promise<void> {
  const stolen = await stealCredentials(target)
  const headers = { connection: 'keep-alive', 'x-request-id': 'x'.repeat(64) }
  const makeRequests = () => [writeRequest(withCredentials(stolen, { headers }))]
  const before = await readdir(folder)
  await vi.waitFor(async () => {
    await floodFrom(target.frontend, makeRequests, { perSecond: 3_300, seconds: 10 })
    const added = (await readdir(folder)).filter((name) => !before.includes(name))
    expect(added.filter((name) => !name.endsWith('.log'))).not.toEqual([])
  }, ROTATION)
}

async function collect(kubeconfig = KUBECONFIG) {
  const out = join(await makeFolder(), 'evidence')
  const env = { ...process.env, OUT: out, KUBECONFIG: kubeconfig }
  const program = join(CHECKOUT, 'tools/incident/evidence.ts')
  const { code, stderr } = await tryRun('node', [program], { env, timeoutMs: 120_000 })
  return { code, said: stderr, out }
}

/** Makes a user who may read Pods and their logs, and nothing else. Returns its kubeconfig. */
async function makeReader(): Promise<string> {
  const inNamespace = ['-n', namespace]
  cleanUp(async () => {
    for (const kind of ['role', 'rolebinding', 'serviceaccount']) {
      await kubectl(['delete', kind, reader, ...inNamespace, '--ignore-not-found'])
    }
  })
  const resources = '--resource=pods,pods/log,deployments.apps'
  await kubectl(['create', 'serviceaccount', reader, ...inNamespace])
  await kubectl(['create', 'role', reader, '--verb=get,list', resources, ...inNamespace])
  const account = `--serviceaccount=${namespace}:${reader}`
  await kubectl(['create', 'rolebinding', reader, `--role=${reader}`, account, ...inNamespace])
  const token = (await kubectl(['create', 'token', reader, ...inNamespace])).trim()
  const file = join(await makeFolder(), 'kubeconfig')
  const config = JSON.parse(await kubectl(['config', 'view', '--raw', '-o', 'json']))
  const users = [{ name: config.users[0].name, user: { token } }]
  await writeFile(file, JSON.stringify({ ...config, users }))
  return file
}
