// Attack 11: other spellings of a path, in each normalization mode of the mesh, get no signature.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Container } from '../../tools/verify/attack/containers.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import {
  bearer,
  describeOutcome,
  signParts,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { type Credentials, SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import { isLocalCluster } from '../../tools/verify/attack/tokens.ts'
import { otherAccountPod, otherNamespacePod, SIGNER_IN_MESH } from '../support/attack/attackers.ts'
import { type BatchResult, runBatch } from '../support/attack/batch.ts'
import { testAttack, testAttackOnMesh } from '../support/attack/expectations.ts'
import { readMode, setMode } from '../support/attack/path-normalization.ts'
import {
  encodedPaths,
  type Mode,
  modes,
  namedPaths,
  unacceptablePaths,
} from '../support/attack/paths.ts'
import { sendFrom } from '../support/attack/send.ts'

type Outcomes = Record<string, Outcome>

const named = [...namedPaths.map(({ sent }) => sent), ...unacceptablePaths]
const current = await readMode()
// Somebody else's mesh is left as it is.
// Istio's list has the encoded forms for one mode alone, too.
const listPaths = (mode: Mode) => (mode === current ? [...named, ...encodedPaths] : named)
const tried = isLocalCluster ? [current, ...modes.filter((mode) => mode !== current)] : [current]

/** Writes requests with all credentials. `over` returns the path that the pairing signature covers. */
function writeAll(
  { token, pairing }: Credentials,
  sent: readonly string[],
  over: (path: string) => string,
): Record<string, string> {
  const write = (path: string) => {
    const parts = signParts(pairing, { path: over(path), headers: bearer(token) })
    return writeRequest({ ...parts, path })
  }
  return Object.fromEntries(sent.map((path) => [path, write(path)]))
}

function testEach(
  sent: readonly string[],
  load: () => BatchResult<Outcomes>,
  expected: readonly string[],
): void {
  const seen = (path: string) => describeOutcome(load().outcomes[path] as Outcome)
  test.each(sent.filter((path) => !encodedPaths.includes(path)))(
    'gets no signature: POST %s',
    (path) => expect(expected).toContain(seen(path)),
  )
  const encoded = sent.filter((path) => encodedPaths.includes(path))
  if (encoded.length === 0) return
  test('gets no signature: POST /sign%01 to /sign%ff', () => {
    expect(encoded.filter((path) => !expected.includes(seen(path)))).toEqual([])
  })
}

/** Restores the mode that the mesh had first. */
let restore: (() => Promise<void>) | undefined
afterAll(() => restore?.())

describe.each(tried)('paths, normalised as %s', (mode) => {
  const paths = listPaths(mode)
  beforeAll(async () => {
    if (mode === current) return
    const undo = await setMode(mode)
    restore ??= undo
  })

  describe.each([
    {
      who: 'a mesh Pod in another namespace with all credentials of the frontend',
      attacker: otherNamespacePod,
    },
    // One of them in each mode is enough.
    ...(mode === current
      ? [
          {
            who: 'a Pod with another ServiceAccount and all credentials of the frontend',
            attacker: otherAccountPod,
          },
        ]
      : []),
  ])('$who', ({ attacker }: { attacker: Container }) => {
    const batch = testAttackOnMesh<Outcomes>((_, stolen) =>
      sendFrom(
        attacker,
        SIGNER_IN_MESH,
        writeAll(stolen, paths, () => '/sign'),
      ),
    )

    testEach(paths, batch, ['400', '403'])
  })

  describe('the frontend, its request signed as it is sent', () => {
    const others = paths.filter((path) => path !== '/sign')
    const batch = testAttack<Outcomes>(({ frontend }, stolen) =>
      sendFrom(
        frontend,
        SIGNER_IN_POD,
        writeAll(stolen, others, (path) => path),
      ),
    )

    testEach(others, batch, ['400', '403', '404'])
  })

  describe('the frontend, its request signed for /sign', () => {
    const known = namedPaths.filter(({ becomes }) => becomes[mode] !== undefined)
    const rounds: Outcomes[] = []
    beforeAll(async () => {
      // Not a batch without signatures: some of these are the path that may be asked for.
      await runBatch(async ({ frontend }, stolen) => {
        const sent = known.map((form) => form.sent)
        const requests = writeAll(stolen, sent, () => '/sign')
        for (let round = 0; round < 2; round++) {
          rounds.push(await sendFrom(frontend, SIGNER_IN_POD, requests))
        }
      })
    })

    test.each(known.map(({ sent, becomes }) => ({ sent, becomes: becomes[mode] })))(
      'is served if it comes out as /sign, the same each time: POST $sent is $becomes',
      ({ sent, becomes }) => {
        const expected = becomes === '/sign' ? ['200'] : ['400', '403', '404']
        for (const round of rounds) {
          expect(expected).toContain(describeOutcome(round[sent] as Outcome))
        }
      },
    )
  })
})
