// Attack 11: other spellings of one path, in each path normalization of the mesh. Pods with another identity are always
// refused. The frontend's pairing signature over `/sign` is valid for no other path.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSpiffeId } from '../../tools/verify/attack/forged-identity.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import {
  describeOutcome,
  makeRequestId,
  withCredentials,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { type Credentials, SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import { isLocalCluster } from '../../tools/verify/attack/tokens.ts'
import { otherAccountPod, otherNamespacePod, SIGNER_IN_MESH } from '../support/attack/attackers.ts'
import { type BatchResult, runBatch } from '../support/attack/batch.ts'
import { testOutcomes, testServedAround } from '../support/attack/expectations.ts'
import { readMode, setMode } from '../support/attack/path-normalization.ts'
import {
  encodedPaths,
  type Mode,
  modes,
  namedPaths,
  unacceptablePaths,
} from '../support/attack/paths.ts'
import { type Outcomes, sendAll } from '../support/attack/send.ts'

/** `byOthers`: by caller. `asSent`: signed over the path. `forSign`: signed over `/sign`, two rounds. */
type Sent = { byOthers: Record<string, Outcomes>; asSent: Outcomes; forSign: Outcomes[] }

const named = [...namedPaths.map(({ sent }) => sent), ...unacceptablePaths]
const [current, spiffeId] = [await readMode(), await readSpiffeId()]
// Istio's own list has the encoded paths for one mode only.
const listPaths = (mode: Mode) => (mode === current ? [...named, ...encodedPaths] : named)
// The tests change the mode of the local cluster only.
const tried = isLocalCluster ? [current, ...modes.filter((mode) => mode !== current)] : [current]
/** One of them is enough for the other modes. */
const others = {
  'a mesh Pod in another namespace': otherNamespacePod,
  'a Pod with another ServiceAccount': otherAccountPod,
}
const listOthers = (mode: Mode) => Object.entries(others).slice(0, mode === current ? 2 : 1)

/** Writes requests with all credentials of the frontend. `over`: the path that the pairing signature covers. */
function writeAll(
  stolen: Credentials,
  sent: readonly string[],
  over: (path: string) => string,
  requestId = makeRequestId(),
): Record<string, string> {
  const write = (path: string) => {
    const headers = { 'x-request-id': requestId }
    return writeRequest({ ...withCredentials(stolen, { path: over(path), headers }), path })
  }
  return Object.fromEntries(sent.map((path) => [path, write(path)]))
}

function testEach(
  sent: readonly string[],
  load: () => Outcomes | undefined,
  expected: readonly string[],
): void {
  const read = (path: string) => load()?.[path]
  const plain = sent.filter((path) => !encodedPaths.includes(path))
  testOutcomes('gets no signature: POST %s', plain, read, expected)
  const encoded = sent.filter((path) => encodedPaths.includes(path))
  if (encoded.length === 0) return
  test('gets no signature: POST /sign%01 to /sign%ff', () => {
    const seen = (path: string) => describeOutcome(read(path) as Outcome)
    expect(encoded.filter((path) => !expected.includes(seen(path)))).toEqual([])
  })
}

/** Restores the mode after the last one. A change of the mesh takes seconds to reach the proxy. */
let restore: (() => Promise<void>) | undefined
afterAll(() => restore?.())

describe.each(tried)('paths, normalized as %s', (mode) => {
  const paths = listPaths(mode)
  const otherThanSign = paths.filter((path) => path !== '/sign')
  const known = namedPaths.filter(({ becomes }) => becomes[mode] !== undefined)
  const forSignId = makeRequestId()
  let batch: BatchResult<Sent>

  beforeAll(async () => {
    if (mode !== current) {
      const undo = await setMode(mode)
      restore ??= undo
    }
    batch = await runBatch(async ({ frontend }, stolen) => {
      const overSign = writeAll(stolen, paths, () => '/sign')
      const sendAsOthers = listOthers(mode).map(async ([who, from]) => {
        return [who, await sendAll(from, SIGNER_IN_MESH, overSign)] as const
      })
      const sendAsFrontend = async () => {
        const signed = writeAll(stolen, otherThanSign, (path) => path)
        const asSent = await sendAll(frontend, SIGNER_IN_POD, signed)
        const sent = known.map((form) => form.sent)
        const requests = writeAll(stolen, sent, () => '/sign', forSignId)
        const first = await sendAll(frontend, SIGNER_IN_POD, requests)
        return { asSent, forSign: [first, await sendAll(frontend, SIGNER_IN_POD, requests)] }
      }
      const [byFrontend, ...byOthers] = await Promise.all([sendAsFrontend(), ...sendAsOthers])
      return { byOthers: Object.fromEntries(byOthers), ...byFrontend }
    })
  })

  testServedAround(() => batch)
  test('the signer signs only the requests with a pairing signature over /sign', () => {
    const signed = batch.reached.filter(({ count }) => count > 0)
    expect(signed.filter(({ request_id }) => request_id !== forSignId)).toEqual([])
    const answers = batch.outcomes.forSign.flatMap((round) => Object.values(round))
    expect(batch.signed).toBe(answers.filter((each) => describeOutcome(each) === '200').length)
  })
  test('only requests of the frontend reach the signer', () => {
    expect(batch.reached.filter(({ caller }) => caller !== spiffeId)).toEqual([])
  })

  describe.each(listOthers(mode))('%s with all credentials of the frontend', (who) => {
    testEach(paths, () => batch.outcomes.byOthers[who], ['400', '403'])
  })

  describe('the frontend, its request signed as it is sent', () => {
    testEach(otherThanSign, () => batch.outcomes.asSent, ['400', '403', '404'])
  })

  describe('the frontend, its request signed for /sign', () => {
    test.each(known.map(({ sent, becomes }) => ({ sent, becomes: becomes[mode] })))(
      'is served if the path becomes /sign, the same each time: POST $sent is $becomes',
      ({ sent, becomes }) => {
        const expected = becomes === '/sign' ? ['200'] : ['400', '403', '404']
        for (const round of batch.outcomes.forSign) {
          expect(expected).toContain(describeOutcome(round[sent] as Outcome))
        }
      },
    )
  })
})
