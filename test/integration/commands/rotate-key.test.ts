// make rotate-key on an API server without Pods: what it writes, what it leaves alone, and that it never prints a key. The same for
// make consumer-secret, which only reads.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { listKeyIds } from '../../../tools/deploy/keys/entries.ts'
import { ensureKey, readKeys } from '../../../tools/deploy/keys/hmac-key.ts'
import {
  type KeySecret,
  readKeySecret,
  replaceKeySecret,
} from '../../../tools/deploy/keys/key-secret.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../../tools/kube/names.ts'
import {
  type startBareApiServer,
  useBareApiServer,
} from '../../support/api-server/bare-api-server.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const retired = /^key-1 is retired: signatures made with it no longer verify\n$/

async function runTool(
  name: string,
  variables: NodeJS.ProcessEnv,
  args: readonly string[] = [],
  input = '',
) {
  const empty = { OVERLAP: '', DRY_RUN: '', FORM: '', KEY_FILE: '', KEY_ID: '' }
  const { code, stdout, stderr } = await tryRun(
    'node',
    [join(CHECKOUT, 'tools/deploy', name), ...args],
    { env: { ...process.env, ...empty, ...variables }, input, timeoutMs: 60_000 },
  )
  return { code, stdout, stderr, all: stdout + stderr }
}

const rotate = (variables: NodeJS.ProcessEnv = {}, args: readonly string[] = []) =>
  runTool('rotate-key.ts', variables, args)

describe('make rotate-key refuses', () => {
  test.each([
    [{ OVERLAP: 'soon' }, [], 'OVERLAP="soon" is not a duration'],
    [{ DRY_RUN: 'true' }, [], 'DRY_RUN=true is not valid'],
    [{ FORM: 'webhooks' }, [], 'FORM=webhooks is not a form of keys'],
    [{}, ['--dryrun'], 'the argument --dryrun is not valid'],
  ])('%o %o', async (variables, args, what) => {
    const { code, stderr } = await rotate(variables, args)
    expect(code).toBe(1)
    expect(stderr).toContain(what)
    expect(stderr).not.toContain('the cluster answers')
  })
})

describe('make rotate-key', needsLocalPrograms, () => {
  let bare: Awaited<ReturnType<typeof startBareApiServer>>
  const annotate = (...annotations: string[]) =>
    kubectl(['annotate', 'secret', keySecret, '-n', namespace, ...annotations])

  beforeAll(async () => {
    bare = await useBareApiServer()
    await kubectl(['create', 'namespace', namespace])
  })
  beforeEach(async () => {
    await kubectl(['delete', 'secret', keySecret, '-n', namespace, '--ignore-not-found'])
    await ensureKey()
  })

  /** The keys in each form in which they could be printed. */
  async function listKeyTexts(): Promise<string[]> {
    const keys = [...(await readKeys()).values()]
    return keys.flatMap((key) => [key.toString('base64'), key.toString('hex')])
  }

  function expectNone(said: string, texts: readonly string[]): void {
    for (const text of texts) expect(said).not.toContain(text)
  }

  /** Returns the Secret without its keys, and without what the API server writes. */
  function describeKept({ data: _, metadata, ...rest }: KeySecret) {
    const { resourceVersion: __, managedFields: ___, annotations = {}, ...kept } = metadata
    return { ...rest, kept, annotations }
  }

  test('begins with a Secret that has a key, an audit key and the standard labels', async () => {
    const { data, metadata } = await readKeySecret()
    expect(Object.keys(data)).toEqual(['audit-key', 'key-1', 'primary'])
    expect(Buffer.from(data['audit-key'] ?? '', 'base64')).toHaveLength(32)
    expect(metadata.labels).toEqual({
      'app.kubernetes.io/name': 'secure-signing',
      'app.kubernetes.io/part-of': 'secure-signing',
      'app.kubernetes.io/component': 'signer',
    })
  })

  test('replaces a leaked key in one run, keeps the rest of the Secret, and prints no key', async () => {
    const copy = 'kubectl.kubernetes.io/last-applied-configuration'
    await annotate('mine=kept', `${copy}={"as":"it was"}`)
    const before = await readKeySecret()
    const texts = await listKeyTexts()
    const { code, stdout, stderr, all } = await rotate({ OVERLAP: '0s' })
    expect(stderr).toContain('ok    key-2 is added')
    expect(stderr).toContain('NO POD RUNS')
    expect(stderr).toContain('left a copy of its key in an annotation')
    expect(stdout).toMatch(retired)
    expect(code).toBe(0)
    const after = await readKeySecret()
    expect(Object.keys(after.data).sort()).toEqual(['audit-key', 'key-2', 'primary'])
    expect(after.data['audit-key']).toBe(before.data['audit-key'])
    expect(after.data.primary).toBe(Buffer.from('key-2').toString('base64'))
    expect((await readKeys()).get('key-2')).toHaveLength(32)
    const { annotations, ...kept } = describeKept(before)
    const mark = { 'secure-signing.dev/retired-keys': 'key-1' }
    expect(describeKept(after)).toEqual({ ...kept, annotations: { ...annotations, ...mark } })
    expect(after.metadata.annotations?.[copy]).toBe('{"as":"it was"}')
    expectNone(all, [...texts, ...(await listKeyTexts())])
  })

  test('keeps the old key for the overlap, changes nothing meanwhile, and ends without overlap', async () => {
    const first = await rotate({ OVERLAP: '7d' })
    expect(first.stdout).toMatch(
      /^key-2 signs\. Signatures made with key-1 verify until \S+Z or later/,
    )
    const before = await readKeySecret()
    expect(Object.keys(before.data).sort()).toEqual(['audit-key', 'key-1', 'key-2', 'primary'])
    const second = await rotate()
    expect(second.stdout).toBe(first.stdout)
    expect(await readKeySecret()).toEqual(before)
    expect((await rotate({ OVERLAP: '0s' })).stdout).toMatch(retired)
    const { primary: _, ...secrets } = before.data
    expectNone(first.all + second.all, Object.values(secrets))
  })

  test.each([
    [{ DRY_RUN: 'yes' }, []],
    [{}, ['--dry-run']],
  ])('changes nothing with %o %o', async (variables, args) => {
    const before = await readKeySecret()
    const { code, stdout, stderr, all } = await rotate({ OVERLAP: '0s', ...variables }, args)
    expect(stderr).toContain('then  every Pod holds key-2\n  then  key-2 is primary')
    expect(stderr).toContain('nothing was changed')
    expect(stdout).toMatch(retired)
    expect(code).toBe(0)
    expect(await readKeySecret()).toEqual(before)
    expectNone(all, await listKeyTexts())
  })

  test('loses no key if two runs start at once', async () => {
    const runs = await Promise.all([rotate(), rotate()])
    for (const { code, stdout } of runs) {
      expect(stdout).toMatch(/^key-2 signs/)
      expect(code).toBe(0)
    }
    expect(Object.keys((await readKeySecret()).data).sort()).toEqual([
      ...['audit-key', 'key-1', 'key-2', 'primary'],
    ])
  })

  test('adds the audit key to a Secret of version 0.1, says so, and prints no key', async () => {
    const patch = [
      ...['audit-key', 'primary'].map((name) => ({ op: 'remove', path: `/data/${name}` })),
    ]
    const here = ['secret', keySecret, '-n', namespace]
    await kubectl(['patch', ...here, '--type=json', '-p', JSON.stringify(patch)])
    const { stderr, all } = await rotate()
    expect(stderr).toContain('ok    key-2 is added, and audit-key is added\n')
    const { primary, ...secrets } = (await readKeySecret()).data
    expect(Buffer.from(primary ?? '', 'base64').toString()).toBe('key-2')
    expect(Object.keys(secrets).sort()).toEqual(['audit-key', 'key-1', 'key-2'])
    expectNone(all, [...Object.values(secrets), ...(await listKeyTexts())])
  })

  test('adds the first webhook key, rotates it, leaves the raw key alone, and prints no key', async () => {
    const before = await readKeySecret()
    const first = await rotate({ FORM: 'webhook' })
    expect(first.stderr).toContain('ok    webhook-1 is the first webhook key')
    expect(first.stdout).toMatch(
      /^webhook-1 signs webhooks\. For .*, run make consumer-secret CONSUMER=NAME/,
    )
    const one = (await readKeySecret()).data
    expect(listKeyIds(one, 'webhook')).toEqual(['webhook-1'])
    const second = await rotate({ FORM: 'webhook' })
    expect(second.stdout).toMatch(/^webhook-2 is the primary webhook key\./)
    const two = await readKeySecret()
    expect(two.data).toMatchObject({ ...before.data, ...one })
    expect(Buffer.from(two.data['webhook-primary'] ?? '', 'base64').toString()).toBe('webhook-2')
    expect(Object.keys(two.metadata.annotations ?? {})).toEqual([
      'secure-signing.dev/webhook-replaced-at',
      'secure-signing.dev/webhook-replaced-key',
      'secure-signing.dev/webhook-verifies-until',
    ])
    expect((await rotate({ OVERLAP: '0s' })).stdout).toMatch(retired)
    const third = await rotate({ FORM: 'webhook', OVERLAP: '0s' })
    expect(third.stdout).toMatch(/^webhook-1 is retired/)
    const after = await readKeySecret()
    expect(listKeyIds(after.data)).toEqual(['key-2', 'webhook-2'])
    const texts = ['webhook-1', 'webhook-2'].flatMap((id) => {
      const value = two.data[id] ?? ''
      return [value, Buffer.from(value, 'base64').toString().slice(6)]
    })
    expectNone(first.all + second.all + third.all, texts)
  })

  test('gives a webhook key from which make consumer-secret derives', async () => {
    const derive = (variables: NodeJS.ProcessEnv) =>
      runTool('consumer-secret.ts', { CONSUMER: 'acme', ...variables })
    const none = await derive({})
    expect(none.stderr).toContain('Run `make rotate-key FORM=webhook`, which adds the first one.')
    expect([none.stdout, none.code]).toEqual(['', 1])
    await rotate({ FORM: 'webhook' })
    const derived = await derive({})
    expect(derived.stdout).toMatch(/^whsec_[\w+/]{43}=$/)
    expect(derived.stderr).toContain('derived from webhook-1')
    const list = await runTool('consumer-secret.ts', { CONSUMER: '-' }, [], 'globex\nacme\n')
    expect(list.stdout.split('\n').slice(1)).toEqual([`acme ${derived.stdout}`, ''])
    const unknown = await derive({ KEY_ID: 'key-1' })
    expect(unknown.stderr).toContain('has no webhook key key-1')
    expect(unknown.stderr).toContain('Set KEY_ID to one of webhook-1.')
    const { data } = await readKeySecret()
    const texts = Object.values(data).filter((value) => value.length > 20)
    expectNone(derived.all + list.all + unknown.all, texts)
  })

  test('does not replace a Secret that changed since it was read', async () => {
    const read = await readKeySecret()
    await annotate('theirs=kept')
    expect(await replaceKeySecret(read)).toBe(false)
    const again = await readKeySecret()
    expect(again.metadata.annotations?.theirs).toBe('kept')
    await kubectl(['delete', 'secret', keySecret, '-n', namespace])
    expect(await replaceKeySecret(again)).toBe(false)
    await ensureKey()
    expect(await replaceKeySecret(again)).toBe(false)
  })

  test('says what to do if there is no key', async () => {
    await kubectl(['delete', 'secret', keySecret, '-n', namespace])
    const { code, stderr } = await rotate()
    expect(code).toBe(1)
    expect(stderr).toContain('there is no Secret hmac-key in namespace signing')
    expect(stderr).toContain('→ Run `make deploy`')
  })

  test('names all missing permissions, and changes nothing', async () => {
    const config = parse(await readFile(bare.kubeconfig, 'utf8'))
    config.users[0].user.as = 'nobody-in-particular'
    const path = `${bare.kubeconfig}-nobody`
    await writeFile(path, stringify(config), { mode: 0o600 })
    const before = await readKeySecret()
    const { code, stderr } = await rotate({ KUBECONFIG: path })
    expect(code).toBe(1)
    expect(stderr).toContain('get, update secrets in signing')
    expect(stderr).toContain('get, list pods in signing')
    expect(stderr).toContain('create pods/portforward in signing')
    expect(await readKeySecret()).toEqual(before)
    const derived = await runTool('consumer-secret.ts', { KUBECONFIG: path, CONSUMER: 'acme' })
    expect(derived.stderr).toContain('cannot get resource "secrets"')
    expect([derived.stdout, derived.code]).toEqual(['', 1])
  })
})
