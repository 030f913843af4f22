// make renew-token-keys on an API server that signs with one key and publishes the next one too.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { tokenLifetimeSeconds } from '../../../tools/deploy/token-keys/keep-old-keys.ts'
import { tokenPolicy } from '../../../tools/deploy/token-keys/token-policy.ts'
import { parseKeySet } from '../../../tools/kube/key-set.ts'
import { applyResource, kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { fieldManager, namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource, resourceSchema } from '../../../tools/kube/resources.ts'
import { readTokenIssuer } from '../../../tools/kube/token-issuer.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { makeFolder } from '../../support/folder.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const program = join(CHECKOUT, 'tools/deploy/renew-token-keys.ts')
const named = ['requestauthentication', tokenPolicy.metadata.name, '-n', namespace]
const renewer = 'renewer'

async function renew(variables: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, DRY_RUN: '', ...variables }
  const { code, stdout, stderr } = await tryRun('node', [program], { env, timeoutMs: 60_000 })
  return { code, stdout, stderr }
}

const readPolicy = () =>
  kubectlJson(resourceSchema, ['get', ...named, '-o', 'json', '--show-managed-fields'])
const readRule = async () => Object((await readPolicy()).spec).jwtRules[0]
const readKids = async () => parseKeySet((await readRule()).jwks).map(({ kid }) => kid)

describe('make renew-token-keys', needsLocalPrograms, () => {
  let policy: Resource
  let [first, next]: string[] = []
  let kubeconfig: string

  /** Applies the policy with these keys, and returns it. */
  async function applyKeys(
    keys: readonly object[],
    { manager = fieldManager, extra = [] as object[], issuer = '' } = {},
  ): Promise<Resource> {
    const { jwtRules, ...spec } = Object(policy.spec)
    const inline = { ...jwtRules[0], jwks: JSON.stringify({ keys }), ...(issuer && { issuer }) }
    const changed = { ...policy, spec: { ...spec, jwtRules: [inline, ...extra] } }
    await applyResource(changed, { manager, options: ['--force-conflicts'] })
    return readPolicy()
  }
  const published = async () => parseKeySet((await readTokenIssuer()).keys)
  const makeOld = (fields: object = {}) => ({
    kty: 'RSA',
    kid: 'old',
    n: 'AQAB',
    e: 'AQAB',
    ...fields,
  })

  beforeAll(async () => {
    const folder = await makeFolder()
    const pub = join(folder, 'next.pub')
    await run('openssl', ['genrsa', '-out', join(folder, 'next.key'), '2048'])
    await run('openssl', ['rsa', '-in', join(folder, 'next.key'), '-pubout', '-out', pub])
    ;({ kubeconfig } = await useBareApiServer([`--service-account-key-file=${pub}`]))
    const charts = parseResources(await run('istioctl', ['manifest', 'generate']))
    const kind = charts.find(
      ({ metadata }) => metadata.name === 'requestauthentications.security.istio.io',
    )
    await kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(kind) })
    await kubectl(['wait', '--for=condition=established', `crd/${kind?.metadata.name}`])
    await kubectl(['create', 'namespace', namespace])
    const { find } = await renderSample(['deployer'])
    policy = find(`RequestAuthentication/${tokenPolicy.metadata.name}`) as Resource
    const { issuer } = await readTokenIssuer()
    Object(policy.spec).jwtRules[0].issuer = issuer
    ;[first = '', next = ''] = (await published()).map(({ kid }) => kid ?? '')
    await applyResource(find('Role/token-key-renewer') as Resource)
    const subject = [`--user=${renewer}`]
    const discovery = '--clusterrole=system:service-account-issuer-discovery'
    await kubectl(['create', 'clusterrolebinding', renewer, discovery, ...subject])
    const binding = ['rolebinding', renewer, '-n', namespace, '--role=token-key-renewer']
    await kubectl(['create', ...binding, ...subject])
  })
  beforeEach(async () => {
    await kubectl(['delete', ...named, '--ignore-not-found'])
  })

  /** A KUBECONFIG whose user has only the role. */
  async function asRenewer(): Promise<string> {
    const file = join(await makeFolder(), 'kubeconfig')
    const config = JSON.parse(
      await kubectl(['config', 'view', '--raw', '-o', 'json', '--kubeconfig', kubeconfig]),
    )
    config.users[0].user.as = renewer
    await writeFile(file, stringify(config), { mode: 0o600 })
    return file
  }

  test('adds the next key with minimal rights, and changes nothing else', async () => {
    const [signing] = await published()
    const before = await applyKeys([signing as object])
    const asked = await renew({ KUBECONFIG: await asRenewer() })
    expect(asked).toMatchObject({ code: 0, stdout: `renewed: added ${next}\n` })
    expect(await readKids()).toEqual([first, next])
    const after = await readPolicy()
    const { jwks: _, ...rule } = Object(before.spec).jwtRules[0]
    expect(Object(after.spec).jwtRules[0]).toMatchObject(rule)
    expect(after.metadata.labels).toEqual(before.metadata.labels)
    expect(after.metadata.managedFields).toHaveLength(1)
    const again = await renew()
    expect(again).toMatchObject({ code: 0, stdout: 'unchanged: the policy has every key\n' })
    // make deploy still owns the field.
    await applyResource(policy)
  })

  test('leaves the rule that fetches keys as it is', async () => {
    const [signing] = await published()
    await applyKeys([signing as object], { extra: [{ issuer: 'x', jwksUri: 'https://x/keys' }] })
    expect((await renew()).code).toBe(0)
    const [inline, fetched] = Object((await readPolicy()).spec).jwtRules
    expect(parseKeySet(inline.jwks)).toHaveLength(2)
    expect(fetched).toEqual({ issuer: 'x', jwksUri: 'https://x/keys' })
  })

  test('with DRY_RUN=yes says what is missing, exits with 1 and changes nothing', async () => {
    const [signing] = await published()
    const before = await applyKeys([signing as object])
    const stdout = `nothing was changed. The run would have: added ${next}\n`
    expect(await renew({ DRY_RUN: 'yes' })).toMatchObject({ code: 1, stdout })
    expect(await readPolicy()).toEqual(before)
    await applyKeys(await published())
    expect((await renew({ DRY_RUN: 'yes' })).code).toBe(0)
  })

  test('keeps an old key while tokens of it may live, and removes it afterwards', async () => {
    const now = Math.floor(Date.now() / 1_000)
    await applyKeys([makeOld()])
    const { stdout } = await renew()
    expect(stdout).toBe(`renewed: added ${first}, ${next}, kept old for tokens that live\n`)
    const [, , old] = parseKeySet((await readRule()).jwks)
    expect(old).toMatchObject(makeOld())
    expect(Number(old?.exp) - now).toBeGreaterThanOrEqual(tokenLifetimeSeconds)
    expect(Number(old?.exp) - now).toBeLessThan(tokenLifetimeSeconds + 60)
    const before = await readPolicy()
    expect((await renew()).stdout).toContain('unchanged')
    expect(await readPolicy()).toEqual(before)
    await applyKeys([...(await published()), makeOld({ exp: now })])
    expect((await renew({ DRY_RUN: 'yes' })).code).toBe(0)
    expect((await renew()).stdout).toBe('renewed: removed old, which no token needs\n')
    expect(await readKids()).toEqual([first, next])
  })

  test.each(['kustomize-controller', 'argocd-controller', 'kubectl-edit'])(
    'refuses before it changes anything if %s wrote the keys',
    async (manager) => {
      await applyKeys([makeOld()])
      const before = await applyKeys([makeOld({ kid: 'other' })], { manager })
      const { code, stderr } = await renew()
      expect(code).toBe(1)
      expect(stderr).toContain(`${manager} writes the keys of RequestAuthentication/`)
      expect(await readPolicy()).toEqual(before)
      // It still tells whether keys are missing.
      expect(await renew({ DRY_RUN: 'yes' })).toMatchObject({ code: 1 })
    },
  )

  test('says what to do without a policy, and for another issuer', async () => {
    expect((await renew()).stderr).toMatch(/there is no RequestAuthentication.*\n.*make deploy/)
    await applyKeys([makeOld()], { extra: [], issuer: 'https://former.example' })
    const { code, stderr } = await renew()
    expect(code).toBe(1)
    expect(stderr).toMatch(/for the issuer "https:\/\/former\.example".*\n.*make deploy/)
  })

  test('names the permission that is missing', async () => {
    await applyKeys([makeOld()])
    const patch = [{ op: 'replace', path: '/rules/0/verbs', value: ['get'] }]
    const role = ['role', 'token-key-renewer', '-n', namespace]
    await kubectl(['patch', ...role, '--type=json', '-p', JSON.stringify(patch)])
    const { code, stderr } = await renew({ KUBECONFIG: await asRenewer() })
    expect(code).toBe(1)
    expect(stderr).toContain('patch requestauthentications.security.istio.io in signing')
  })
})
