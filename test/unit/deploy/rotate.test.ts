// A rotation over a simulated cluster. Wherever a run is interrupted, the next one finishes it without a lost signature.
import { describe, expect, test } from 'vitest'
import { marks } from '../../../tools/deploy/rotation/rotation-state.ts'
import { rotateKey } from '../../../tools/deploy/rotation/run-rotation.ts'
import {
  encode,
  makeSecret,
  readRing,
  type SimulatedCluster,
  simulateCluster,
} from '../../support/rotation/simulated-cluster.ts'

const HOUR_MS = 3_600_000
const oneKey = () => makeSecret({ 'key-1': encode('first') })
/** kubelet is quick for one Pod and slow for another. */
const lagsMs = [0, 7_000, 95_000]

const rotate = (cluster: SimulatedCluster, overlapMs?: number) =>
  rotateKey(cluster.effects, overlapMs)
const marksOf = (cluster: SimulatedCluster) => cluster.read().metadata.annotations

class CutOff extends Error {}

/** Cuts the run off at its event number `last`, counted from 0; later ones go through. */
function cutOffAt({ hooks }: SimulatedCluster, last: number): { isReached: () => boolean } {
  let count = -1
  hooks.interrupt = () => {
    count++
    if (count === last) throw new CutOff()
  }
  return { isReached: () => count >= last }
}

/** Runs as often as it takes: a run that is cut off is followed by another. */
async function insist(cluster: SimulatedCluster, overlapMs?: number): Promise<string> {
  const isOver = () => cluster.read().data['key-1'] === undefined && marksOf(cluster) !== undefined
  for (;;) {
    try {
      return await rotate(cluster, overlapMs)
    } catch (error) {
      if (!(error instanceof CutOff)) throw error
      // Nothing was left to do but to say so.
      if (isOver() && Object.keys(marksOf(cluster) ?? {}).length === 0) return 'cut off at its end'
    }
  }
}

describe('a rotation', () => {
  test('rests until signatures of the old key need not verify any more, and then retires it', async () => {
    const cluster = simulateCluster(oneKey(), lagsMs)
    const promise =
      /^key-2 signs\. Signatures made with key-1 verify until 2026-11-26T09:01:\d\dZ or later: from then on make rotate-key retires it$/
    expect(await rotate(cluster)).toMatch(promise)
    expect(cluster.titles).toEqual(['key-2 is added', 'key-2 is primary'])
    expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-1', 'key-2'] })

    const before = cluster.read()
    expect(await rotate(cluster)).toMatch(promise)
    expect(cluster.read()).toBe(before)

    await cluster.sleep(25 * HOUR_MS)
    const retired = 'key-1 is retired: signatures made with it no longer verify'
    expect(await rotate(cluster)).toBe(retired)
    expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-2'] })
    expect(marksOf(cluster)).toEqual({})
    expect(cluster.notes).toEqual([])
    for (const { mounted } of cluster.pods) expect(Object.keys(mounted)).not.toContain('key-1')
  })

  test('of a leaked key is one run', async () => {
    const cluster = simulateCluster(oneKey(), lagsMs)
    expect(await rotate(cluster, 0)).toContain('key-1 is retired')
    expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-2'] })
    expect(marksOf(cluster)).toEqual({})
  })

  test('ends sooner or later when the user says so meanwhile', async () => {
    const cluster = simulateCluster(oneKey(), [0])
    await rotate(cluster)
    const replacedAt = marksOf(cluster)?.[marks.replacedAt]
    expect(replacedAt).toBe('2026-11-25T09:00:00Z')
    expect(await rotate(cluster, 7 * 24 * HOUR_MS)).toContain('until 2026-12-02T09:00:00Z')
    expect(await rotate(cluster)).toContain('until 2026-12-02T09:00:00Z')
    await cluster.sleep(2 * HOUR_MS)
    expect(await rotate(cluster, HOUR_MS)).toContain('key-1 is retired')
  })

  test('leaves other keys alone, names them once, and keeps what else is in the Secret', async () => {
    const data = { 'key-1': encode('1'), 'key-7': encode('7'), old: encode('0') }
    const secret = makeSecret({ ...data, primary: encode('key-1') }, { mine: 'kept' })
    const cluster = simulateCluster(secret, lagsMs)
    expect(await rotate(cluster, 0)).toContain('key-1 is retired')
    expect(cluster.notes).toEqual(['also held, and left alone: key-7, old'])
    const { held, primary } = readRing(cluster.read().data)
    expect({ held: held.sort(), primary }).toEqual({
      held: ['key-7', 'key-8', 'old'],
      primary: 'key-8',
    })
    expect(marksOf(cluster)).toEqual({ mine: 'kept' })
  })

  test('needs no Pod, and says loudly that there is none', async () => {
    const cluster = simulateCluster(oneKey(), [])
    expect(await rotate(cluster, 0)).toContain('key-1 is retired')
    expect(cluster.notes).toEqual([expect.stringContaining('NO POD RUNS')])
  })

  test('is not begun when a Pod does not answer', async () => {
    const cluster = simulateCluster(oneKey(), [0])
    const before = cluster.read()
    const mute = { ...cluster.effects, awaitPods: () => Promise.reject(new Error('mute')) }
    await expect(rotateKey(mute)).rejects.toThrow('mute')
    expect(cluster.read()).toBe(before)
  })

  test('waits for Pods that come while it waits', async () => {
    const cluster = simulateCluster(oneKey(), lagsMs)
    cluster.hooks.interrupt = (event) => {
      if (event === 'before wait' && cluster.pods.length < 8) cluster.addPod(60_000)
    }
    expect(await rotate(cluster, 0)).toContain('key-1 is retired')
    expect(cluster.pods).toHaveLength(7)
  })
})

describe.each([
  ['one that rests', undefined],
  ['one of a leaked key', 0],
])('cut off anywhere, %s', (_, overlapMs) => {
  test('ends as if it had not been', async () => {
    let cutOffs = 0
    for (; ; cutOffs++) {
      const cluster = simulateCluster(oneKey(), lagsMs)
      const { isReached } = cutOffAt(cluster, cutOffs)
      const first = await insist(cluster, overlapMs)
      if (overlapMs === undefined && first.startsWith('key-2 signs')) {
        await cluster.sleep(25 * HOUR_MS)
        await insist(cluster)
      }
      expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-2'] })
      expect(marksOf(cluster)).toEqual({})
      expect(cluster.titles.filter((title) => title === 'key-2 is primary')).toHaveLength(1)
      if (!isReached()) break
    }
    // Four rounds of read, wait and write, before and after each.
    expect(cutOffs).toBeGreaterThanOrEqual(24)
  })
})

describe('when somebody else writes meanwhile', () => {
  test('two runs at once lose nothing', async () => {
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

  test('what they wrote is kept', async () => {
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
      expect.stringContaining('somebody else has changed the Secret meanwhile'),
      'also held, and left alone: theirs',
    ])
  })

  test('without an end, it gives up', async () => {
    const cluster = simulateCluster(oneKey(), [])
    const beaten = { ...cluster.effects, write: async () => false }
    await expect(rotateKey(beaten)).rejects.toThrow('changes the Secret all the time')
  })

  test('and ends the rotation, it does not begin another', async () => {
    const cluster = simulateCluster(oneKey(), [])
    await rotate(cluster)
    await cluster.sleep(25 * HOUR_MS)
    cluster.hooks.interrupt = (event) => {
      if (event !== 'before write') return
      const { 'key-1': _, ...data } = cluster.read().data
      cluster.put(makeSecret(data))
    }
    expect(await rotate(cluster)).toBe('key-2 signs: another run has ended this rotation')
  })
})
