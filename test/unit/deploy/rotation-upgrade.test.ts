// This version completes a rotation that version 0.1 began with the former names of the annotations: from each state, and
// wherever a run is interrupted. Each write replaces all former names.
import { describe, expect, test } from 'vitest'
import { rawKeys } from '../../../tools/deploy/keys/key-forms.ts'
import { retiredKeys } from '../../../tools/deploy/keys/retired-keys.ts'
import { formerName, renameAnnotations } from '../../../tools/deploy/rotation/rotation-state.ts'
import { rotateKey } from '../../../tools/deploy/rotation/run-rotation.ts'
import { added, due, nextKey, replaced, two, withKeys } from '../../support/rotation/secrets.ts'
import {
  readRing,
  type SimulatedCluster,
  simulateCluster,
} from '../../support/rotation/simulated-cluster.ts'

const HOUR_MS = 3_600_000
const { annotationNames } = rawKeys
const lagsMs = [0, 7_000, 95_000]
const formerNames = Object.values(annotationNames).map(formerName)

const withFormerNames = (annotations: Record<string, string>) =>
  Object.fromEntries(Object.entries(annotations).map(([name, value]) => [formerName(name), value]))
const annotationsOf = (cluster: SimulatedCluster) => cluster.read().metadata.annotations ?? {}

/** The states that version 0.1 can leave. */
const states = [
  ['after a key was added', two, 'key-1', added],
  ['during the overlap', two, 'key-2', replaced],
  ['after the overlap', two, 'key-2', due],
  ['after the old key was removed', ['key-2'], 'key-2', due],
] as const

function start(ids: readonly string[], primary: string, annotations: Record<string, string>) {
  const all = { ...withFormerNames(annotations), mine: 'kept' }
  return simulateCluster(withKeys([...ids], primary, all), lagsMs)
}

describe.each(states)('a rotation of version 0.1, %s,', (_, ids, primary, annotations) => {
  test('is completed by one run', async () => {
    const cluster = start(ids, primary, annotations)
    cluster.hooks.interrupt = (event) => {
      if (event !== 'after write') return
      for (const name of formerNames) expect(annotationsOf(cluster)).not.toHaveProperty(name)
    }
    expect(await rotateKey(cluster.effects, 0)).toContain('key-1 is retired')
    expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-2'] })
    expect(annotationsOf(cluster)).toEqual({ mine: 'kept', [retiredKeys]: 'key-1' })
  })

  test('ends the same wherever a run is interrupted', async () => {
    for (let last = 0, isInterrupted = true; isInterrupted; last++) {
      const cluster = start(ids, primary, annotations)
      let count = 0
      isInterrupted = false
      cluster.hooks.interrupt = () => {
        if (count++ !== last) return
        isInterrupted = true
        throw new Error('interrupted')
      }
      const isOver = () =>
        Object.keys(annotationsOf(cluster)).sort().join() === `mine,${retiredKeys}`
      await rotateKey(cluster.effects, 0).catch(() => {})
      if (!isOver()) await rotateKey(cluster.effects, 0)
      expect(readRing(cluster.read().data)).toEqual({ primary: 'key-2', held: ['key-2'] })
      expect(isOver()).toBe(true)
    }
  })
})

test('a run during the overlap writes nothing', async () => {
  const cluster = start(two, 'key-2', replaced)
  const before = cluster.read()
  expect(await rotateKey(cluster.effects)).toContain('verify until 2026-11-26T08:31:22Z')
  expect(cluster.read()).toBe(before)
})

test('a new overlap renames all annotations', async () => {
  const cluster = start(two, 'key-2', replaced)
  await rotateKey(cluster.effects, 48 * HOUR_MS)
  const verifiesUntil = '2026-11-27T08:31:22Z'
  expect(annotationsOf(cluster)).toEqual({
    ...replaced,
    [annotationNames.verifiesUntil]: verifiesUntil,
    mine: 'kept',
  })
})

describe('an annotation under both names', () => {
  test('is accepted if the values are equal', () => {
    const both = { ...added, ...withFormerNames(added) }
    expect(renameAnnotations(withKeys(two, 'key-1', both)).metadata.annotations).toEqual(added)
  })

  test('is refused if the values differ', async () => {
    const both = { ...added, ...withFormerNames({ [nextKey]: 'key-1' }) }
    const cluster = simulateCluster(withKeys(two, 'key-1', both), [])
    await expect(rotateKey(cluster.effects)).rejects.toThrow(
      'secure-signing.dev/next-key is key-2, and secure-signing/next-key is key-1',
    )
  })
})
