// The freeze: nothing is signed while there is a marker, or while nobody knows whether there is one.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { followFreeze } from '../../../signer/freeze.ts'
import { makeFolder, makeVolume, mountEntries } from '../../support/folder.ts'
import { createMemoryLog } from '../../support/services/logged.ts'
import { WAIT_MS } from '../../support/timeouts.ts'

const POLL_MS = 10

async function follow(folder: string, pollMs = POLL_MS) {
  const { log, lines } = createMemoryLog()
  const gauge: boolean[] = []
  const setFrozen = (frozen: boolean) => void gauge.push(frozen)
  const requireThawed = await followFreeze(folder, log, setFrozen, pollMs)
  const isFrozen = () => {
    try {
      requireThawed()
      return false
    } catch (error) {
      expect(error).toMatchObject({ code: 'frozen' })
      return true
    }
  }
  const told = () => lines.map(({ event, mark, reason }) => [event, mark ?? reason])
  const eventually = (check: () => void) => vi.waitFor(check, WAIT_MS)
  return { isFrozen, told, gauge, eventually }
}

test('signs without a marker, and says so once', async () => {
  const { isFrozen, told, gauge } = await follow(await makeVolume({}))
  expect([isFrozen(), told(), gauge]).toEqual([false, [['thawed', undefined]], [false]])
})

test('is frozen from the start by a marker that is there', async () => {
  const { isFrozen, told } = await follow(await makeVolume({ frozen: 'm-1\n' }))
  expect([isFrozen(), told()]).toEqual([true, [['frozen', 'm-1']]])
})

test.each([
  ['polls', POLL_MS],
  ['watches', 60 * 60 * 1_000],
])('follows the marker, %s, and names each new one', async (_, pollMs) => {
  const folder = await makeVolume({})
  const { isFrozen, told, gauge, eventually } = await follow(folder, pollMs)
  await mountEntries(folder, { frozen: 'm-1' }, '2')
  await eventually(() => expect(isFrozen()).toBe(true))
  await eventually(() => expect(told()).toContainEqual(['frozen', 'm-1']))
  await mountEntries(folder, { frozen: 'm-2' }, '3')
  await eventually(() => expect(told()).toContainEqual(['frozen', 'm-2']))
  await rm(join(folder, 'frozen'))
  await eventually(() => expect(isFrozen()).toBe(false))
  expect(told().at(-1)).toEqual(['thawed', undefined])
  expect([gauge[0], gauge.at(-1)]).toEqual([false, false])
})

describe('counts as frozen', () => {
  test.each([
    ['an empty marker', { frozen: '' }],
    ['an entry with another name', { thaw: 'please' }],
    ['a marker with more than a mark', { frozen: 'a b"}' }],
    ['a long marker', { frozen: 'a'.repeat(65) }],
  ])('%s, and its content stays out of the log', async (_, entries) => {
    const { isFrozen, told } = await follow(await makeVolume(entries))
    expect([isFrozen(), told()]).toEqual([true, [['frozen', 'unknown']]])
  })

  test('a folder that is missing, until it is there', async () => {
    const parent = await makeFolder()
    const folder = join(parent, 'freeze')
    const { isFrozen, told, eventually } = await follow(folder)
    expect(isFrozen()).toBe(true)
    expect(told()).toEqual([['frozen', 'the freeze marker cannot be read (ENOENT)']])
    await mkdir(folder)
    await eventually(() => expect(isFrozen()).toBe(false))
    await rename(folder, `${folder}-away`)
    await eventually(() => expect(isFrozen()).toBe(true))
  })

  test('a file in place of the folder', async () => {
    const file = join(await makeFolder(), 'freeze')
    await writeFile(file, '')
    const { isFrozen, told } = await follow(file)
    expect([isFrozen(), told()]).toEqual([
      true,
      [['frozen', 'the freeze marker cannot be read (ENOTDIR)']],
    ])
  })

  test('a folder in place of the marker', async () => {
    const folder = await makeFolder()
    await mkdir(join(folder, 'frozen'))
    expect((await follow(folder)).isFrozen()).toBe(true)
  })
})
