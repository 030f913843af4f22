// A rotation that version 0.1 began, under its names of the annotations, is finished by this version: from every state, and
// wherever a run is cut off. Each write replaces all old names.
import { describe, expect, test } from 'vitest'
import {
  annotationNames,
  formerName,
  renameAnnotations,
} from '../../../tools/deploy/rotation/rotation-state.ts'
import { rotateKey } from '../../../tools/deploy/rotation/run-rotation.ts'
import { added, due, nextKey, replaced, two, withKeys } from '../../support/rotation/secrets.ts'
import {
  readRing,
  type SimulatedCluster,
  simulateCluster,
} from '../../support/rotation/simulated-cluster.ts'

const HOUR_MS = 3_600_000
const lagsMs = [0, 7_000, 95_000]
const formerNames = Object.values(annotationNames).map(formerName)

const asBefore = (annotations: Record<string, string>) =>
  Object.fromEntries(Object.entries(annotations).map(([name, value]) => [formerName(name), value]))
const marksOf = (cluster: SimulatedCluster) => cluster.read().metadata.annotations ?? {}

/** The state that version 0.1 has left, with an annotation of somebody else. */
const states = [
  ['a key was added', two, 'key-1', added],
  ['a key was replaced', two, 'key-2', replaced],
  ['its time is over', two, 'key-2', due],
  ['the old key was removed', ['key-2'], 'key-2', due],
] as const

function start(ids: readonly string[], primary: string, annotations: Record<string, string>) {
  const all = { ...asBefore(annotations), mine: 'kept' }
  return simulateCluster(withKeys([...ids], primary, all), lagsMs)
}

describe.each(states)('%s', (_, ids, primary, annotations) => {
  test('and one run ends it', async () => {
    const cluster = start(ids, primary, annotations)
    cluster.hooks.interrupt = (event) => {
      if (event !== 'after write') return
      for (const name of formerNames) expect(marksOf(cluster)).not.toHaveProperty(name)
    }
    expect(await rotateKey(cluster.effects, 0)).toContain('key-1 is retired')
    expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-2'] })
    expect(marksOf(cluster)).toEqual({ mine: 'kept' })
  })

  test('and it ends the same if a run is cut off anywhere', async () => {
    for (let last = 0, isCutOff = true; isCutOff; last++) {
      const cluster = start(ids, primary, annotations)
      let count = 0
      isCutOff = false
      cluster.hooks.interrupt = () => {
        if (count++ !== last) return
        isCutOff = true
        throw new Error('cut off')
      }
      const isOver = () => Object.keys(marksOf(cluster)).join() === 'mine'
      await rotateKey(cluster.effects, 0).catch(() => {})
      if (!isOver()) await rotateKey(cluster.effects, 0)
      expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-2'] })
      expect(isOver()).toBe(true)
    }
  })
})

test('until its time is over nothing is written', async () => {
  const cluster = start(two, 'key-2', replaced)
  const before = cluster.read()
  expect(await rotateKey(cluster.effects)).toContain('verify until 2026-11-26T08:31:22Z')
  expect(cluster.read()).toBe(before)
})

test('a new time takes all annotations to their new names', async () => {
  const cluster = start(two, 'key-2', replaced)
  await rotateKey(cluster.effects, 48 * HOUR_MS)
  const verifiesUntil = '2026-11-27T08:31:22Z'
  expect(marksOf(cluster)).toEqual({
    ...replaced,
    [annotationNames.verifiesUntil]: verifiesUntil,
    mine: 'kept',
  })
})

describe('an annotation under both names', () => {
  test('counts once if the values are equal', () => {
    const both = { ...added, ...asBefore(added) }
    expect(renameAnnotations(withKeys(two, 'key-1', both)).metadata.annotations).toEqual(added)
  })

  test('is refused if they are not', async () => {
    const both = { ...added, ...asBefore({ [nextKey]: 'key-1' }) }
    const cluster = simulateCluster(withKeys(two, 'key-1', both), [])
    await expect(rotateKey(cluster.effects)).rejects.toThrow(
      'secure-signing.dev/next-key is key-2, and secure-signing/next-key is key-1',
    )
  })
})
