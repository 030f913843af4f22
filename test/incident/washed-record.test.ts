// Attack B: code in the frontend's container has a message signed. Then it floods the signer with requests that sign nothing, until
// kubelet removes its oldest log files. The audit line of the signature stays. SHORT=yes floods for 20 s instead of five minutes.

import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { run } from '../../tools/cli/exec.ts'
import { readSwitch } from '../../tools/cli/make-variables.ts'
import { findSignerFolder } from '../../tools/verify/attack/audit-files.ts'
import { probeFrom } from '../../tools/verify/attack/containers.ts'
import { readCounter } from '../../tools/verify/attack/counters.ts'
import {
  makeRequestId,
  type RequestParts,
  readJsonBody,
  readStatus,
  tokenHeader,
  withCredentials,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import {
  type Credentials,
  findTarget,
  SIGNER_IN_POD,
  stealCredentials,
  type Target,
} from '../../tools/verify/attack/target.ts'
import { makeFolder } from '../support/folder.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { findInLogs } from './support/find-in-logs.ts'
import { floodFrom } from './support/flood-from.ts'

const seconds = readSwitch('SHORT') ? 20 : 300
const perSecond = 3_300
/** The lines of a budget: 1,000 at once, then 2 a second for audit records and as many for the log. The proxy's probes add some. */
const maxGrowth = 2 * 700 * (1_000 + 2 * (seconds + 60))

const longest = 'x'.repeat(64)
const item = (index: number) => ({ request_id: `${index}`.padStart(64, 'x'), message: 7 })
const refusedItems = JSON.stringify({ items: Array.from({ length: 500 }, (_, i) => item(i)) })
const verified = JSON.stringify({ message: 'a', signature: '0'.repeat(64) })

/** What code in the container can send. `paired`: with the pairing secret. */
const kinds: Record<string, (write: Write) => string[]> = {
  'refused requests': ({ unpaired }) => [unpaired({})],
  'malformed requests': ({ paired }) => [paired({ body: '{"message":' })],
  '/verify': ({ paired }) => [paired({ path: '/verify', body: verified })],
  '/keys': ({ paired }) => [paired({ method: 'GET', path: '/keys' })],
  'batches of invalid items with the longest ids': ({ paired }) => [
    paired({ path: '/sign/batch', body: refusedItems }),
  ],
  'long ids, other routes and methods, and what is no HTTP': ({ paired, unpaired }) => [
    unpaired({ headers: { 'x-request-id': longest } }),
    paired({ body: '{}', headers: { 'x-request-id': 'x'.repeat(4_000) } }),
    paired({ body: '{}', headers: { 'x-request-id': '"\\\n ü'.repeat(12) } }),
    paired({ path: '/sign/batch', body: '{"messages":[]}' }),
    paired({ body: '{"message":"a","key_id":"unknown"}' }),
    unpaired({ path: '/unknown' }),
    unpaired({ method: 'PUT' }),
    'GET / HTTP/1.1\r\nno header\r\n\r\n',
  ],
}

type Write = Record<'paired' | 'unpaired', (parts: RequestParts) => string>

function makeWrite(stolen: Credentials): Write {
  const keepAlive = ({ headers, ...parts }: RequestParts) => ({
    ...parts,
    headers: { connection: 'keep-alive', ...headers },
  })
  return {
    paired: (parts) => writeRequest(withCredentials(stolen, keepAlive(parts))),
    unpaired: (parts) => {
      const { headers, ...rest } = keepAlive(parts)
      return writeRequest({ ...rest, headers: { ...headers, ...tokenHeader(stolen.token) } })
    },
  }
}

describe.each(Object.keys(kinds))(
  'after a signed request, a flood of %s',
  needsLocalCluster,
  (kind) => {
    const id = makeRequestId()
    let target: Target
    let counts: Record<string, number>
    let before: number
    let onNode: string
    let signature: string
    let signed: number

    beforeAll(
      async () => {
        target = await findTarget()
        const stolen = await stealCredentials(target)
        const request = withCredentials(stolen, {
          ...{ headers: { 'x-request-id': id }, body: JSON.stringify({ message: id }) },
        })
        const [outcome] = await probeFrom(target.frontend, [
          { ...SIGNER_IN_POD, bytes: writeRequest(request) },
        ])
        expect(readStatus(outcome?.received ?? '')).toBe(200)
        signature = Object(readJsonBody(outcome?.received ?? '')).signature
        onNode = await findSignerFolder(target.uid)
        before = (await findInLogs(onNode, id)).bytes
        const made = await readCounter(target, 'signer_signatures_total', '')
        const makeRequests = () => kinds[kind]?.(makeWrite(stolen)) ?? []
        counts = await floodFrom(target.frontend, makeRequests, { perSecond, seconds })
        signed = (await readCounter(target, 'signer_signatures_total', '')) - made
        console.info(`${kind}: ${JSON.stringify(counts)} in ${seconds} s`)
      },
      2 * seconds * 1_000 + 120_000,
    )

    test('is answered, and signs nothing', () => {
      const answered = Object.values(counts).reduce((sum, count) => sum + count, 0)
      expect(answered).toBeGreaterThan(30 * seconds)
      expect(signed).toBe(0)
    })

    test("leaves its audit line in the node's files", async () => {
      const { found, bytes } = await findInLogs(onNode, id)
      console.info(`${kind}: the signer's log grew by ${bytes - before} bytes`)
      expect(found).toHaveLength(1)
      expect(bytes - before).toBeLessThan(maxGrowth)
    })

    test('leaves its audit line in what make evidence collects, where make who-signed finds it', async () => {
      const out = join(await makeFolder(), 'evidence')
      await runTool('incident/evidence.ts', { OUT: out })
      const folder = await findSignerFolder(target.uid, join(out, 'logs'))
      expect((await findInLogs(folder, id)).found).toHaveLength(1)
      const found = await runTool('verify/audit/who-signed.ts', {
        FILES: out,
        SIGNATURE: signature,
      })
      expect(found).toContain(id)
    })
  },
)

/** Returns what a program of tools/ prints. Throws CommandError unless it ends with 0. */
function runTool(file: string, variables: Record<string, string>): Promise<string> {
  return run('node', [join(CHECKOUT, 'tools', file)], { env: { ...process.env, ...variables } })
}
