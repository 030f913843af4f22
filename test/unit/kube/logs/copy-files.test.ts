// kubelet's folder changes while it is copied: each test says what it lists each time, and what it refuses to send.
import { expect, test } from 'vitest'
import { copyFiles } from '../../../../tools/kube/logs/copy-files.ts'

const old = '0.log.20261129-110000'
const recent = '0.log.20261129-120000'

/** `lists`: the names that each call returns. The last one repeats. `gone`: the requests of these files fail. */
async function copy(lists: string[][], gone: string[] = []) {
  const fetched: string[] = []
  let calls = 0
  const result = await copyFiles(
    '/logs/signer',
    '/out',
    async () => lists[Math.min(calls++, lists.length - 1)] ?? [],
    async (from, to) => {
      const name = from.replace('/logs/signer/', '')
      expect(to).toBe(`/out/${name}`)
      fetched.push(name)
      return gone.includes(name) ? 'NotFound' : undefined
    },
  )
  return { ...result, fetched }
}

test('copies the oldest file first, because kubelet removes that one next', async () => {
  const { names, problems, fetched } = await copy([['0.log', `${old}.gz`, recent]])
  expect(fetched).toEqual([`${old}.gz`, recent, '0.log'])
  expect(names).toEqual(fetched)
  expect(problems).toEqual([])
})

test('after a rotation, copies the rotated file and the newest one again', async () => {
  const { fetched, names } = await copy([['0.log'], [recent, '0.log']])
  expect(fetched).toEqual(['0.log', recent, '0.log'])
  expect(names).toEqual([recent, '0.log'])
})

test('takes the compressed form of a file that vanishes meanwhile', async () => {
  const { names, problems } = await copy(
    [
      [old, '0.log'],
      [`${old}.gz`, '0.log'],
    ],
    [old],
  )
  expect(names).toEqual([`${old}.gz`, '0.log'])
  expect(problems).toEqual([])
})

test('does not copy a file twice when kubelet compresses it', async () => {
  const { fetched } = await copy([
    [old, '0.log'],
    [`${old}.gz`, '0.log'],
  ])
  expect(fetched).toEqual([old, '0.log'])
})

test('names a file that kubelet removes before it is copied', async () => {
  const { names, problems } = await copy([[`${old}.gz`, '0.log'], ['0.log']], [`${old}.gz`])
  expect(names).toEqual(['0.log'])
  expect(problems).toEqual([`${old}.gz: NotFound`])
})

test('ends although every request fails', async () => {
  const { names, problems } = await copy([['0.log']], ['0.log'])
  expect(names).toEqual([])
  expect(problems).toEqual(['0.log: NotFound'])
})
