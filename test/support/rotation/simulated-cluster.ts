// Simulates a Secret and the Pods that mount it. Each Pod gets a change after its own delay, and only waiting moves the clock.
// After each event it checks that every Pod has a usable key, and that each signature verifies at every Pod.
import type { Form } from '../../../runtime/contract.ts'
import { listKeyIds } from '../../../tools/deploy/keys/entries.ts'
import { keyForms } from '../../../tools/deploy/keys/key-forms.ts'
import type { KeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { isMet, type PodReport } from '../../../tools/deploy/rotation/pod-condition.ts'
import type { RotationEffects } from '../../../tools/deploy/rotation/run-rotation.ts'
import { waitForPods } from '../../../tools/deploy/rotation/wait-for-pods.ts'

export type Data = Record<string, string>
type Pod = { name: string; lagMs: number; mounted: Data; history: { at: number; data: Data }[] }
export type SimulatedCluster = ReturnType<typeof simulateCluster>

export const encode = (text: string) => Buffer.from(text).toString('base64')
export const decode = (text = '') => Buffer.from(text, 'base64').toString()

/** Returns a Secret as the API server does. */
export function makeSecret(data: Data, annotations: Data = {}): KeySecret {
  const metadata = { name: 'hmac-key', resourceVersion: '1', annotations, managedFields: [] }
  return { apiVersion: 'v1', kind: 'Secret', metadata, data }
}

/** Returns the ids of one form in `data`, and the one that signs. Throws if a signer would refuse them. */
export function readRing(data: Data, form: Form = 'raw') {
  const held = listKeyIds(data, form)
  const entry = data[keyForms[form].primaryEntry]
  const primary = entry === undefined ? held[0] : decode(entry)
  if (entry === undefined && held.length > 1) throw new Error('several keys, no primary')
  if (primary !== undefined && !held.includes(primary)) throw new Error('no usable primary')
  return { primary, held }
}

function readRings(data: Data) {
  if (listKeyIds(data).length === 0) throw new Error('no key')
  return { raw: readRing(data, 'raw'), webhook: readRing(data, 'webhook') }
}

/** `lagsMs`: the delay of each Pod. `form`: of the keys that Pods report. */
export function simulateCluster(first: KeySecret, lagsMs: readonly number[], form: Form = 'raw') {
  let secret = first
  let time = Date.parse('2026-11-25T09:00:00Z')
  const notes: string[] = []
  const titles: string[] = []
  const pods: Pod[] = []
  /** Called before and after each effect, with its name. It can throw to interrupt the run. */
  const hooks = { interrupt: (_: string) => {} }

  function addPod(lagMs: number): void {
    const name = `pod-${pods.length + 1}`
    pods.push({ name, lagMs, mounted: secret.data, history: [] })
  }
  for (const lagMs of lagsMs) addPod(lagMs)

  function follow(): void {
    for (const pod of pods) {
      for (const { at, data } of pod.history) if (at + pod.lagMs <= time) pod.mounted = data
      checkInvariant()
    }
  }

  function checkInvariant(): void {
    const all = pods.map(({ mounted }) => readRings(mounted))
    for (const rings of [all.map(({ raw }) => raw), all.map(({ webhook }) => webhook)]) {
      // The first key of a form is in use as soon as one Pod has it.
      const inUse = rings.filter(({ held }) => held.length > 0)
      for (const { primary = '' } of inUse) {
        if (inUse.every(({ held }) => held.includes(primary))) continue
        throw new Error(`a signature by ${primary} does not verify at every Pod`)
      }
    }
  }

  function put(next: KeySecret): void {
    const resourceVersion = String(Number(secret.metadata.resourceVersion) + 1)
    secret = { ...next, metadata: { ...next.metadata, resourceVersion } }
    for (const pod of pods) pod.history.push({ at: time, data: secret.data })
    const { raw } = readRings(secret.data)
    // A signer of version 0.1 takes each entry but `primary` for a key.
    if (raw.primary && secret.data.primary === undefined && Object.keys(secret.data).length > 1) {
      throw new Error('a signer of version 0.1 needs the entry primary')
    }
    follow()
  }

  async function sleep(ms: number): Promise<void> {
    time += ms
    follow()
  }

  async function readReports(): Promise<PodReport[]> {
    return pods.map(({ name, mounted }) => ({ pod: name, keys: readRing(mounted, form) }))
  }

  async function withHooks<T>(name: string, work: () => Promise<T>): Promise<T> {
    hooks.interrupt(`before ${name}`)
    const result = await work()
    hooks.interrupt(`after ${name}`)
    return result
  }

  const effects: RotationEffects = {
    read: () => withHooks('read', async () => structuredClone(secret)),
    write: (next, title) =>
      withHooks('write', async () => {
        if (next.metadata.resourceVersion !== secret.metadata.resourceVersion) return false
        put(next)
        titles.push(title)
        return true
      }),
    awaitPods: (condition) =>
      withHooks('wait', async () => {
        const hasPods = await waitForPods(condition, { readReports, now: () => time, sleep })
        if (!(await readReports()).every((report) => isMet(condition, report)))
          throw new Error('early')
        return hasPods
      }),
    now: () => time,
    note: (line) => notes.push(line),
  }
  return {
    effects,
    hooks,
    notes,
    titles,
    pods,
    addPod,
    put,
    sleep,
    readReports,
    read: () => secret,
  }
}
