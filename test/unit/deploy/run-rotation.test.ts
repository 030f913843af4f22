// A whole rotation on a simulated cluster. Wherever a run is interrupted, the next one completes the rotation. At no time does
// a Pod sign what another cannot verify.
import { describe, expect, test } from 'vitest'
import { rawKeys } from '../../../tools/deploy/keys/key-forms.ts'
import { retiredKeys } from '../../../tools/deploy/keys/retired-keys.ts'
import { rotateKey } from '../../../tools/deploy/rotation/run-rotation.ts'
import { due, two, withKeys } from '../../support/rotation/secrets.ts'
import {
  encode,
  makeSecret,
  readRing,
  type SimulatedCluster,
  simulateCluster,
} from '../../support/rotation/simulated-cluster.ts'

const HOUR_MS = 3_600_000
/** What a rotation leaves. */
const retired = { [retiredKeys]: 'key-1' }
const auditKey = { 'audit-key': encode('of the audit log') }
const oneKey = () => makeSecret({ 'key-1': encode('first'), primary: encode('key-1'), ...auditKey })
/** What make deploy of version 0.1 created. */
const ofVersion01 = () => makeSecret({ 'key-1': encode('first') })
/** Milliseconds until kubelet updates each Pod. */
const lagsMs = [0, 7_000, 95_000]

const rotate = (cluster: SimulatedCluster, overlapMs?: number) =>
  rotateKey(cluster.effects, overlapMs)
const annotationsOf = (cluster: SimulatedCluster) => cluster.read().metadata.annotations

class Interrupted extends Error {}

/** Interrupts the run once, at the event with the number `last`, counted from 0. */
function interruptAt({ hooks }: SimulatedCluster, last: number): { isReached: () => boolean } {
  let count = -1
  hooks.interrupt = () => {
    count++
    if (count === last) throw new Interrupted()
  }
  return { isReached: () => count >= last }
}

/** Runs again after each interruption, until a run ends. */
async function runUntilDone(cluster: SimulatedCluster, overlapMs?: number): Promise<string> {
  const isOver = () => Object.keys(annotationsOf(cluster) ?? {}).join() === retiredKeys
  for (;;) {
    try {
      return await rotate(cluster, overlapMs)
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
      // Only the final message was missing.
      if (isOver()) return 'done'
    }
  }
}

describe('a rotation', () => {
  test('keeps the old key for the overlap, and then retires it', async () => {
    const cluster = simulateCluster(oneKey(), lagsMs)
    const promise =
      /^key-2 signs\. Signatures made with key-1 verify until 2026-11-26T09:01:\d\dZ or later\. After that, run make rotate-key, which retires it\.$/
    expect(await rotate(cluster)).toMatch(promise)
    expect(cluster.titles).toEqual(['key-2 is added', 'key-2 is primary'])
    expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-1', 'key-2'] })

    const before = cluster.read()
    expect(await rotate(cluster)).toMatch(promise)
    expect(cluster.read()).toBe(before)

    await cluster.sleep(25 * HOUR_MS)
    const closing = 'key-1 is retired: signatures made with it no longer verify'
    expect(await rotate(cluster)).toBe(closing)
    expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-2'] })
    expect(annotationsOf(cluster)).toEqual(retired)
    expect(cluster.notes).toEqual([])
    for (const { mounted } of cluster.pods) expect(Object.keys(mounted)).not.toContain('key-1')
  })

  test('without overlap is one run', async () => {
    const cluster = simulateCluster(oneKey(), lagsMs)
    expect(await rotate(cluster, 0)).toContain('key-1 is retired')
    expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-2'] })
    expect(annotationsOf(cluster)).toEqual(retired)
  })

  test('follows a longer and a shorter overlap that the user sets later', async () => {
    const cluster = simulateCluster(oneKey(), [0])
    await rotate(cluster)
    const replacedAt = annotationsOf(cluster)?.[rawKeys.annotationNames.replacedAt]
    expect(replacedAt).toBe('2026-11-25T09:00:00Z')
    expect(await rotate(cluster, 7 * 24 * HOUR_MS)).toContain('until 2026-12-02T09:00:00Z')
    expect(await rotate(cluster)).toContain('until 2026-12-02T09:00:00Z')
    await cluster.sleep(2 * HOUR_MS)
    expect(await rotate(cluster, HOUR_MS)).toContain('key-1 is retired')
  })

  test('leaves other keys and annotations alone, and names these keys once', async () => {
    const data = { 'key-1': encode('1'), 'key-7': encode('7'), old: encode('0') }
    const secret = makeSecret({ ...data, primary: encode('key-1') }, { mine: 'kept' })
    const cluster = simulateCluster(secret, lagsMs)
    expect(await rotate(cluster, 0)).toContain('key-1 is retired')
    expect(cluster.notes).toEqual(['the Secret has other keys, which stay: key-7, old'])
    const { held, primary } = readRing(cluster.read().data)
    expect({ held: held.sort(), primary }).toEqual({
      held: ['key-7', 'key-8', 'old'],
      primary: 'key-8',
    })
    expect(annotationsOf(cluster)).toEqual({ mine: 'kept', ...retired })
  })

  test('never touches the audit key, which is no signing key', async () => {
    const cluster = simulateCluster(oneKey(), lagsMs)
    await rotate(cluster, 0)
    await rotate(cluster, 0)
    expect(Object.keys(cluster.read().data).sort()).toEqual(['audit-key', 'key-3', 'primary'])
    expect(cluster.read().data).toMatchObject(auditKey)
    expect(annotationsOf(cluster)).toEqual({ [retiredKeys]: 'key-1,key-2' })
    expect([cluster.notes, cluster.titles.join()]).toEqual([
      [],
      expect.not.stringContaining('audit'),
    ])
  })

  test('adds a missing audit key with its first write alone', async () => {
    const cluster = simulateCluster(ofVersion01(), lagsMs)
    cluster.hooks.interrupt = (event) => {
      if (event === 'after write') expect(cluster.read().data).toHaveProperty('audit-key')
    }
    await rotate(cluster)
    expect(cluster.titles).toEqual(['key-2 is added, and audit-key is added', 'key-2 is primary'])
    const { 'audit-key': added = '' } = cluster.read().data
    expect(Buffer.from(added, 'base64')).toHaveLength(32)
    await rotate(cluster, 0)
    expect(cluster.read().data['audit-key']).toBe(added)
  })

  test('that has begun without an audit key gets one', async () => {
    const cluster = simulateCluster(withKeys(two, 'key-2', due), lagsMs)
    expect(await rotate(cluster, 0)).toContain('key-1 is retired')
    expect(cluster.titles[0]).toBe('key-1 is removed, and audit-key is added')
    expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-2'] })
  })

  test('begins with one signing key beside the audit key, and no primary', async () => {
    const cluster = simulateCluster(makeSecret({ 'key-7': encode('7'), ...auditKey }), lagsMs)
    expect(await rotate(cluster, 0)).toContain('key-7 is retired')
    expect(readRing(cluster.read().data)).toEqual({ primary: 'key-8', held: ['key-8'] })
  })

  test('works without a Pod, and prints that there is none', async () => {
    const cluster = simulateCluster(oneKey(), [])
    expect(await rotate(cluster, 0)).toContain('key-1 is retired')
    expect(cluster.notes).toEqual([expect.stringContaining('NO POD RUNS')])
  })

  test('does not begin if a Pod does not report', async () => {
    const cluster = simulateCluster(oneKey(), [0])
    const before = cluster.read()
    const awaitPods = () => Promise.reject(new Error('no report'))
    await expect(rotateKey({ ...cluster.effects, awaitPods })).rejects.toThrow('no report')
    expect(cluster.read()).toBe(before)
  })

  test('also waits for Pods that start meanwhile', async () => {
    const cluster = simulateCluster(oneKey(), lagsMs)
    cluster.hooks.interrupt = (event) => {
      if (event === 'before wait' && cluster.pods.length < 8) cluster.addPod(60_000)
    }
    expect(await rotate(cluster, 0)).toContain('key-1 is retired')
    expect(cluster.pods).toHaveLength(7)
  })
})

describe.each([
  ['with the default overlap', undefined],
  ['without overlap', 0],
])('a rotation %s', (_, overlapMs) => {
  test('ends with the same keys wherever a run is interrupted', async () => {
    let interruptions = 0
    for (; ; interruptions++) {
      const cluster = simulateCluster(oneKey(), lagsMs)
      const { isReached } = interruptAt(cluster, interruptions)
      const first = await runUntilDone(cluster, overlapMs)
      if (overlapMs === undefined && first.startsWith('key-2 signs')) {
        await cluster.sleep(25 * HOUR_MS)
        await runUntilDone(cluster)
      }
      expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-2'] })
      expect(annotationsOf(cluster)).toEqual(retired)
      expect(cluster.titles.filter((title) => title === 'key-2 is primary')).toHaveLength(1)
      if (!isReached()) break
    }
    // Four rounds of read, wait and write, with an event before and after each.
    expect(interruptions).toBeGreaterThanOrEqual(24)
  })
})

describe('with another writer at the same time', () => {
  test('two runs at once lose no key', async () => {
    for (const overlapMs of [undefined, 0]) {
      const cluster = simulateCluster(oneKey(), lagsMs)
      await Promise.all([rotate(cluster, overlapMs), rotate(cluster, overlapMs)])
      const { primary, held } = readRing(cluster.read().data)
      expect(held).toContain(primary)
      const rotations = cluster.titles.filter((title) => title.endsWith('is primary')).length
      expect(primary).toBe(`key-${rotations + 1}`)
      expect(held).toHaveLength(overlapMs === 0 ? 1 : 2)
    }
  })

  test('the other change is kept', async () => {
    const cluster = simulateCluster(oneKey(), lagsMs)
    let isWritten = false
    cluster.hooks.interrupt = (event) => {
      if (event !== 'before write' || isWritten) return
      isWritten = true
      const { data, ...rest } = cluster.read()
      cluster.put({ ...rest, data: { ...data, primary: encode('key-1'), theirs: encode('t') } })
    }
    expect(await rotate(cluster, 0)).toContain('key-1 is retired')
    expect(cluster.read().data.theirs).toBe(encode('t'))
    expect(cluster.notes).toEqual([
      expect.stringContaining('somebody else changed the Secret at the same time'),
      'the Secret has other keys, which stay: theirs',
    ])
  })

  const restore = (cluster: SimulatedCluster, data: Record<string, string>) => {
    const secret = cluster.read()
    const fieldsV1 = { 'f:data': { 'f:key-1': {} } }
    const manager = { manager: 'kubectl-patch', operation: 'Update', time: 'noon', fieldsV1 }
    const metadata = { ...secret.metadata, managedFields: [manager] }
    cluster.put({ ...secret, metadata, data: { ...secret.data, ...data } })
  }

  test.each(['before wait', 'after write'])(
    'it fails if the old key returns %s of the last step, and names who wrote it',
    async (moment) => {
      const cluster = simulateCluster(oneKey(), lagsMs)
      cluster.hooks.interrupt = (event) => {
        const { data } = cluster.read()
        const isLast = moment === 'before wait' ? 'key-1 is removed' : 'the rotation is complete'
        if (event !== moment || cluster.titles.at(-1) !== isLast || 'key-1' in data) return
        restore(cluster, { 'key-1': encode('first') })
      }
      const run = rotate(cluster, 0)
      await expect(run).rejects.toThrow(
        'key-1 was retired, and is in the Secret hmac-key again. The field manager kubectl-patch wrote it at noon. Its signatures verify again',
      )
      await expect(rotate(cluster, 0)).rejects.toThrow('key-1 was retired')
    },
  )

  test('it fails if another key is primary after the last step', async () => {
    const cluster = simulateCluster(oneKey(), [])
    cluster.hooks.interrupt = (event) => {
      if (event !== 'after write' || cluster.titles.at(-1) !== 'the rotation is complete') return
      restore(cluster, { theirs: encode('t'), primary: encode('theirs') })
    }
    await expect(rotate(cluster, 0)).rejects.toThrow('theirs signs instead of key-2')
  })

  test('it fails if the Secret changes each time', async () => {
    const cluster = simulateCluster(oneKey(), [])
    const effects = { ...cluster.effects, write: async () => false }
    await expect(rotateKey(effects)).rejects.toThrow('changes the Secret all the time')
  })

  test('it begins no second rotation if the other run completes the first', async () => {
    const cluster = simulateCluster(oneKey(), [])
    await rotate(cluster)
    await cluster.sleep(25 * HOUR_MS)
    cluster.hooks.interrupt = (event) => {
      if (event !== 'before write') return
      const { 'key-1': _, ...data } = cluster.read().data
      cluster.put(makeSecret(data))
    }
    expect(await rotate(cluster)).toBe('key-2 signs: another run has completed this rotation')
  })
})
