// FILES names the logs to verify, and SIGNATURE the signatures to look up.
import { randomBytes } from 'node:crypto'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findLogs } from '../../../../tools/verify/audit/log-files.ts'
import {
  createLookup,
  fingerprintOf,
  parseSignatures,
} from '../../../../tools/verify/audit/signatures.ts'
import { makeSigner } from '../../../support/audit/records.ts'
import { verifyTexts } from '../../../support/audit/verify-text.ts'
import { makeFolder } from '../../../support/folder.ts'

async function writeFiles(...names: string[]): Promise<string> {
  const folder = await makeFolder()
  for (const name of names) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), name)
  }
  return folder
}

async function list(files: string, folder: string): Promise<string[][]> {
  const logs = await findLogs(files)
  return logs.map(({ files }) => files.map(({ name }) => name.slice(folder.length + 1)))
}

describe('FILES', () => {
  test("a folder: kubelet's files of a container are one log, the oldest first", async () => {
    const old = ['0.log.20261129-120000.gz', '0.log.20261129-130000', '0.log.20261129-130000.gz']
    const folder = await writeFiles(
      ...['0.log', '1.log', ...old, '0.log.20261129-140000.tmp'].map(
        (name) => `pod/signer/${name}`,
      ),
      'other.yaml',
    )
    await symlink(join(folder, 'pod'), join(folder, 'link'))
    expect(await list(folder, folder)).toEqual([
      ['other.yaml'],
      [old[0], old[1], '0.log'].map((name) => `pod/signer/${name}`),
      ['pod/signer/1.log'],
    ])
  })

  test('several paths, a pattern, and a path with a space', async () => {
    const folder = await writeFiles('a.log', 'b.log', 'c d.log')
    const inFolder = (name: string) => join(folder, name)
    expect(await list(`${inFolder('a.log')} ${inFolder('b.log')}`, folder)).toHaveLength(2)
    expect(await list(inFolder('?.log'), folder)).toEqual([['a.log'], ['b.log']])
    expect(await list(inFolder('c d.log'), folder)).toEqual([['c d.log']])
    expect(await list(`${inFolder('a.log')} ${folder}`, folder)).toHaveLength(3)
  })

  test('a path that does not exist is an error', async () => {
    await expect(findLogs('no/such/file')).rejects.toThrow('cannot read no/such/file: ENOENT')
  })
})

describe('SIGNATURE', () => {
  const bytes = randomBytes(32)
  const hex = bytes.toString('hex')

  test.each([
    ['hex', hex],
    ['hex in capitals', hex.toUpperCase()],
    ['base64', bytes.toString('base64')],
    ['base64url', bytes.toString('base64url')],
  ])('in %s', (_, text) => {
    expect([...parseSignatures([text]).keys()]).toEqual([fingerprintOf(bytes)])
  })

  const header = (count: number) =>
    Array.from({ length: count }, () => `v1,${randomBytes(32).toString('base64')}`)

  test.each([1, 2, 4])('in webhook-signature, with %d signatures', (count) => {
    const parts = header(count)
    const found = [...parseSignatures([parts.join(' ')]).values()]
    expect(found.map(({ signature }) => signature)).toEqual(parts)
  })

  test.each(['v1,', 'v1,a', `${header(1)} v2,a`, `v1a,${hex}`, 'v1'])('%j is none', (text) => {
    expect(() => parseSignatures([text])).toThrow('is no signature')
  })

  test('of a webhook finds its consumer and its request', async () => {
    const { lines, signatures } = makeSigner().work(6)
    const texts = signatures.slice(-3).map((each) => `v1,${each.toString('base64')}`)
    const sought = parseSignatures([texts.join(' ')])
    await verifyTexts([[lines.join('\n')]], createLookup(sought))
    const found = [...sought.values()].map((each) => each.lines.join())
    expect(found).toEqual([
      expect.stringContaining(' request_id=order-1 '),
      expect.stringMatching(/ caller=spiffe:\S+ consumer=acme key_id=webhook-1 instance=/),
      expect.stringMatching(/ request_id=order-2 .* caller=spiffe:\S+ key_id=webhook-1 instance=/),
    ])
  })

  test.each(['', 'a', hex.slice(1), `${hex}00`])('%j is none', (text) => {
    expect(() => parseSignatures([text])).toThrow('is no signature')
  })

  test('finds the caller of one of several requests, and says what no MAC covers', async () => {
    const { lines, signatures } = makeSigner().work(3)
    const sought = parseSignatures([signatures.at(-1)?.toString('hex') ?? ''])
    const [found] = sought.values()
    await verifyTexts([[lines.join('\n')]], createLookup(sought))
    const id = signatures.at(-1)?.toString('hex').slice(0, 12)
    expect(found?.lines).toEqual([
      expect.stringMatching(
        new RegExp(
          `^time=\\S+ request_id=${id} call=call-2 caller=spiffe://\\S+ key_id=key-1 instance=\\S+ seq=3 at=0-0\\.log:3$`,
        ),
      ),
    ])
    const forged = lines[2]?.replace('call-2', 'call-\\u001b[2J') ?? ''
    await verifyTexts([[forged]], createLookup(sought))
    expect(found?.lines[1]).toContain(String.raw`call="call-\u001b[2J"`)
    expect(found?.lines[1]).toMatch(/ record=wrong$/)
  })
})
