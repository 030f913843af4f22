// make deploy judges the keys in use with the rules of the signer that it is about to start.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { compareSignature } from '../../../tools/deploy/keys/compare-signature.ts'
import { checkKeysInUse } from '../../../tools/deploy/keys/judge-keys.ts'
import { retiredKeys } from '../../../tools/deploy/keys/retired-keys.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../../tools/kube/names.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { needsLocalPrograms } from '../../support/skips.ts'
import { deriveKey, signAnything, toSecret } from '../../support/webhooks/receivers.ts'

const good = Buffer.from('a key of thirty-two bytes, or so')

describe('the keys in use', needsLocalPrograms, () => {
  beforeAll(async () => {
    await useBareApiServer()
    await kubectl(['create', 'namespace', namespace])
  })
  beforeEach(async () => {
    await kubectl(['delete', 'secret', keySecret, '-n', namespace, '--ignore-not-found'])
  })

  async function create(entries: Record<string, Buffer>, more = {}, annotations = {}) {
    const encoded = Object.entries(entries).map(([id, bytes]) => [id, bytes.toString('base64')])
    const metadata = { name: keySecret, namespace, annotations }
    const data = Object.fromEntries(encoded)
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, data, ...more }
    await kubectl(['create', '-f', '-'], { input: JSON.stringify(secret) })
  }

  /** Returns what the check prints. */
  async function check(): Promise<string> {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    try {
      await checkKeysInUse()
      return write.mock.calls.join('')
    } finally {
      write.mockRestore()
    }
  }

  const auditKey = { 'audit-key': Buffer.from('thirty-two bytes of the audit log') }
  const two = { a: good, b: good, primary: Buffer.from('b') }

  test.each<[string, Record<string, Buffer>]>([
    ['there is none', {}],
    ['it has one key', { 'key-1': good, primary: Buffer.from('key-1'), ...auditKey }],
    ['it has one key beside the audit key, and no primary', { 'key-1': good, ...auditKey }],
    ['it has two and names the primary', { ...two, ...auditKey }],
  ])('are accepted without a word if %s', async (_, entries) => {
    if (Object.keys(entries).length > 0) await create(entries)
    expect(await check()).toBe('')
  })

  test.each<[string, object, object, string]>([
    ['is that of version 0.1', {}, {}, 'Run `make rotate-key`, which adds it with the next key.'],
    ['is immutable', { immutable: true }, {}, 'Create the Secret again with it: docs/keys.md'],
    [
      'has another writer',
      {},
      { 'argocd.argoproj.io/tracking-id': 'apps:/Secret:signing/hmac-key' },
      'Add the entry in the Git repository',
    ],
  ])('get a note without an audit key if the Secret %s', async (_, more, annotations, todo) => {
    await create({ 'key-1': good }, more, annotations)
    const said = await check()
    expect(said).toContain('note  the Secret hmac-key has no entry audit-key')
    expect(said).toContain(todo)
  })

  test.each<[string, Record<string, Buffer>, string]>([
    [
      'a byte order mark',
      { 'key-1': Buffer.concat([Buffer.from('efbbbf', 'hex'), good]) },
      'key "key-1" begins with a byte order mark',
    ],
    [
      'a newline',
      { 'key-1': Buffer.concat([good, Buffer.from('\n')]) },
      'key "key-1" ends with a newline',
    ],
    ['few bytes', { 'key-1': Buffer.from('hunter2') }, 'is shorter than 14 bytes'],
    ['no primary', { a: good, b: good }, 'name the one that signs'],
    ['only an audit key', auditKey, 'the Secret has no key'],
    [
      'a short audit key',
      { 'key-1': good, 'audit-key': Buffer.from('hunter2') },
      'key "audit-key" is shorter than 14 bytes',
    ],
  ])('stop the deployment if the new signer would refuse %s', async (_, entries, reason) => {
    await create(entries)
    const refusal = check()
    await expect(refusal).rejects.toThrow('the signer of this version refuses the Secret hmac-key')
    await expect(refusal).rejects.toThrow(reason)
    await expect(refusal).rejects.toMatchObject({ todo: expect.stringContaining('rotate first') })
    await expect(refusal).rejects.not.toThrow('hunter2')
  })

  const webhook = Buffer.from(`whsec_${randomBytes(32).toString('base64')}`)
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'secure-signing', namespace },
    spec: {
      selector: { matchLabels: { app: 'secure-signing' } },
      template: {
        metadata: { labels: { app: 'secure-signing' } },
        spec: { containers: [{ name: 'signer', image: 'registry.example:5000/signer:0.1.0' }] },
      },
    },
  }
  type Version = '0.1' | '0.2'
  /** `make images` writes hashes, which may look like a version. */
  const tags = [':f68579949851', ':0cd579949851', ':1.7', '@sha256:0123']
  /** Says which signer runs. Version 0.1 has no such label. */
  async function runSigner(version: Version, tag: string): Promise<void> {
    const changed = JSON.parse(JSON.stringify(deployment).replace(':0.1.0', tag))
    if (version === '0.2') {
      changed.spec.template.metadata.labels['secure-signing.dev/protected'] = 'true'
    }
    const args = ['apply', '--server-side', '-f', '-']
    await kubectl(args, { input: JSON.stringify(changed) })
  }

  describe('whose text begins with whsec_', () => {
    const both = { 'key-1': good, other: webhook, primary: Buffer.from('key-1'), ...auditKey }
    afterAll(() => kubectl(['delete', 'deployment', 'secure-signing', '-n', namespace]))

    test.each<[string, Version, Record<string, Buffer>]>([
      ['version 0.2 runs', '0.2', { other: webhook, ...auditKey }],
      ['version 0.2 runs, and make rotate-key did not name it', '0.2', both],
      ['there is none among the raw keys', '0.1', { ...both, other: good }],
      [
        'version 0.1 runs, and it has a name of make rotate-key',
        '0.1',
        { ...both, other: good, 'webhook-1': webhook },
      ],
    ])('are webhook keys without a word if %s', async (_, version, entries) => {
      await create(entries)
      for (const tag of tags) {
        await runSigner(version, tag)
        expect(await check()).toBe('')
      }
    })

    test.each<[string, Version, Record<string, Buffer>]>([
      ['version 0.1 signs with it', '0.1', { other: webhook, ...auditKey }],
      ['primary names it', '0.2', { ...both, primary: Buffer.from('other') }],
    ])('stop the deployment if %s', async (_, version, entries) => {
      await create(entries)
      for (const tag of tags) {
        await runSigner(version, tag)
        const refusal = check()
        await expect(refusal).rejects.toThrow('this version signs only webhooks with it')
        const todo = expect.stringContaining('Rotate by hand to a key that begins otherwise')
        await expect(refusal).rejects.toMatchObject({ todo })
      }
    })

    test('get a note if they verify at a signer of version 0.1', async () => {
      await create(both)
      for (const tag of tags) {
        await runSigner('0.1', tag)
        expect(await check()).toContain('Messages that version 0.1 signed with it do not verify')
      }
    })
  })

  test('are what make smoke compares a webhook with, those of a consumer too', async () => {
    const keys = ['webhook-1', 'webhook-2'].map((id) => [id, randomBytes(32)] as const)
    const entries = keys.map(([id, key]) => [id, Buffer.from(toSecret(key))])
    await create({ 'webhook-primary': Buffer.from('webhook-2'), ...Object.fromEntries(entries) })
    const message = 'msg_1.1764445000.{}'
    const sign = (key: Buffer) =>
      signAnything(key, 'msg_1', 1_764_445_000, '{}')['webhook-signature']
    const compare = (signatures: string[], consumer?: string) =>
      compareSignature({
        ...{ message, signature: signatures.join(' '), keyId: '' },
        webhook: { consumer, version: 2 },
      })
    const plain = keys.map(([, key]) => sign(key))
    const derived = keys.map(([, key]) => sign(deriveKey(key, 'acme', 2)))
    expect(await compare(plain)).toEqual(['webhook-1', 'webhook-2'])
    expect(await compare(derived, 'acme')).toEqual(['webhook-1', 'webhook-2'])
    const wrong = 'is by no webhook key of the consumer acme, version 2 in the Secret'
    await expect(compare([...derived, sign(good)], 'acme')).rejects.toThrow(wrong)
    await expect(compare(plain, 'acme')).rejects.toThrow(wrong)
  })

  test('are reported if a retired one is back, or if the Secret is immutable', async () => {
    const entries = { 'key-1': good, 'key-2': good, primary: Buffer.from('key-2') }
    await create(entries, { immutable: true }, { [retiredKeys]: 'key-1' })
    const said = await check()
    expect(said).toContain('note  the Secret hmac-key is immutable')
    expect(said).toContain('note  key-1 was retired, and is in the Secret hmac-key again')
  })
})
