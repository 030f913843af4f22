// How the judge of the local cluster compares what it has seen.
import { describe, expect, test } from 'vitest'
import type { Resource } from '../../../tools/kube/resources.ts'
import { classify } from '../../../tools/verify/matrix/classify.ts'
import { type Cells, compareCells, summarizeChanges } from '../../support/mutations/live/cells.ts'
import { compareLists, invert } from '../../support/mutations/live/difference.ts'
import { createGate } from '../../support/mutations/live/gate.ts'
import { compareWorking } from '../../support/mutations/live/in-pod.ts'
import {
  type ContainerPosture,
  listLooser,
  type Posture,
} from '../../support/mutations/live/posture.ts'

describe('a cell', () => {
  const served = { seen: 'served', answer: '200' } as const
  const mtls = { seen: 'mtls', answer: 'closed' } as const
  const policy = { seen: 'policy', answer: '403 RBAC: access denied' } as const
  const ofApplication = { seen: 'other', answer: '404 not_found' } as const
  const pairing = { seen: 'pairing', answer: '403 pairing_refused' } as const
  const keyless = classify({
    ...{ connected: true, end: 'closed' },
    received: "HTTP/1.1 401 Unauthorized\r\n\r\nJwks doesn't have key to match kid or alg from Jwt",
  })
  const timeout = { seen: 'other', answer: 'timeout' } as const
  type Seen = NonNullable<ReturnType<Cells['get']>>
  const judge = (was: Seen, is: Seen) =>
    compareCells(new Map([['a', was]]), new Map([['a', is]]))[0]?.class

  test.each<[string, Seen, Seen, string | undefined]>([
    ['opens if it is served now', policy, served, 'opens'],
    ['weakens if a later control refuses it', mtls, policy, 'weakens'],
    ['weakens if the application refuses it', policy, ofApplication, 'weakens'],
    ['breaks if it is no longer served', served, policy, 'breaks'],
    ['is fine if an earlier control refuses it', policy, mtls, undefined],
    ['is fine if it was refused and gets no answer now', policy, timeout, undefined],
    ['is fine if nothing changes', policy, policy, undefined],
    ['says nothing if it got no answer before', timeout, served, undefined],
    ['is fine if the token is refused for its key', pairing, keyless, undefined],
  ])('%s', (_, was, is, wanted) => expect(judge(was, is)).toBe(wanted))

  test('that opens counts before one that breaks', () => {
    const before: Cells = new Map<string, Seen>([
      ['one', served],
      ['two', mtls],
    ])
    const after: Cells = new Map<string, Seen>([
      ['one', policy],
      ['two', served],
    ])
    const changes = compareCells(before, after)
    expect(summarizeChanges(changes)).toEqual({
      ...{ class: 'opens', evidence: 'two: closed (mtls) → 200' },
    })
  })
})

describe('a container', () => {
  const posture = (change: Partial<ContainerPosture> = {}): Posture => {
    const strict: ContainerPosture = {
      ...{ freedoms: new Set(['the group 1']), restrictions: new Set(['the mask /proc/keys']) },
      limits: new Map([['the memory in bytes', 100]]),
    }
    return new Map([['signer', { ...strict, ...change }]])
  }

  test.each<[string, Partial<ContainerPosture>, string[]]>([
    ['the same', {}, []],
    [
      'a freedom more',
      { freedoms: new Set(['the group 1', 'the user root']) },
      ['signer: the user root'],
    ],
    ['a freedom less', { freedoms: new Set() }, []],
    ['a restriction less', { restrictions: new Set() }, ['signer: without the mask /proc/keys']],
    [
      'no limit',
      { limits: new Map([['the memory in bytes', Number.POSITIVE_INFINITY]]) },
      ['signer: the memory in bytes 100 → Infinity'],
    ],
    ['a lower limit', { limits: new Map([['the memory in bytes', 50]]) }, []],
  ])('%s', (_, change, looser) => {
    expect(listLooser(posture(), posture(change))).toEqual(looser)
  })

  test('that is new counts as looser', () => {
    const added = new Map([...posture(), ['added', [...posture().values()][0] as ContainerPosture]])
    expect(listLooser(posture(), added)).toEqual(['a new container added'])
  })
})

test('what a Pod serves may not end, and nothing else may begin', () => {
  const before = new Set(['serves POST /sign of the signer', 'reads /run/pairing/secret'])
  const after = new Set(['reads /run/key/keys.json'])
  expect(compareWorking(before, after)).toEqual({
    opened: ['reads /run/key/keys.json'],
    lost: ['serves POST /sign of the signer'],
  })
})

describe('a difference', () => {
  const resource = (name: string, data = ''): Resource => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'here' }, data },
  })
  const [kept, changed, deleted] = [resource('kept'), resource('changed'), resource('deleted')]
  const before = [kept, changed, deleted]
  const other = resource('changed', 'other')
  const added = resource('added')
  const difference = compareLists(before, [kept, other, added])

  test('has what is changed, added and deleted', () => {
    expect(difference).toEqual({ applied: [other, added], deleted: [deleted] })
  })
  test('is undone by what was there before', () => {
    expect(invert(before, difference)).toEqual({ applied: [deleted, changed], deleted: [added] })
  })
})

test('work that concerns all lanes waits for the others, and they wait for it', async () => {
  const gate = createGate()
  const order: string[] = []
  const first = Promise.withResolvers<void>()
  const running = gate.together(() => first.promise.then(() => order.push('first')))
  const alone = gate.alone(async () => order.push('alone'))
  const last = gate.together(async () => order.push('last'))
  first.resolve()
  await Promise.all([running, alone, last])
  expect(order).toEqual(['first', 'alone', 'last'])
})
