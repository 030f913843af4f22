// The path normalization of the whole mesh. The policies must not depend on it.
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { probeFrom } from '../../../tools/verify/attack/containers.ts'
import { readStatus, writeRequest } from '../../../tools/verify/attack/requests.ts'
import { findTarget, SIGNER_IN_POD } from '../../../tools/verify/attack/target.ts'
import { CONFIG_MS } from '../../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import type { Mode } from './paths.ts'

const configMap = z.object({ data: z.object({ mesh: z.string() }) })
const target = ['configmap', 'istio', '-n', 'istio-system']
/** Each becomes `/readyz`, which the Pod may read, from one mode on. */
const signs = { BASE: '/x/../readyz', MERGE_SLASHES: '//readyz', DECODE: '/x%2f..%2freadyz' }

export async function readMode(): Promise<Mode> {
  const { frontend } = await findTarget()
  const probes = Object.values(signs).map((path) => ({
    ...SIGNER_IN_POD,
    bytes: writeRequest({ method: 'GET', path }),
  }))
  const outcomes = await probeFrom(frontend, probes)
  const [base, merged, all] = outcomes.map(({ received }) => readStatus(received) === 200)
  if (all) return 'DECODE_AND_MERGE_SLASHES'
  if (merged) return 'MERGE_SLASHES'
  return base ? 'BASE' : 'NONE'
}

/** Sets the mode of the whole mesh, and waits until the proxy follows. Returns what restores it. */
export async function setMode(mode: Mode): Promise<() => Promise<void>> {
  const { data } = await kubectlJson(configMap, ['get', ...target, '-o', 'json'])
  const before = await readMode()
  const changed = { ...parse(data.mesh), pathNormalization: { normalization: mode } }
  const restore = async () => {
    await writeMesh(data.mesh)
    await waitForMode(before)
  }
  await writeMesh(stringify(changed))
  try {
    await waitForMode(mode)
  } catch (error) {
    await restore()
    throw error
  }
  return restore
}

async function writeMesh(mesh: string): Promise<void> {
  const patch = JSON.stringify({ data: { mesh } })
  await kubectl(['patch', ...target, '--type=merge', '--patch', patch])
}

async function waitForMode(mode: Mode): Promise<void> {
  await waitFor(
    async () => (await readMode()) === mode || undefined,
    CONFIG_MS,
    () => `the Pod's proxy does not change to ${mode}`,
  )
}
