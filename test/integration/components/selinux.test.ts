// secilc compiles the SELinux module with Debian's policy, and setools reads what it allows. Nothing enforces it here.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { buildSelinuxTools } from '../../support/debian-tools.ts'
import {
  type AllowRule,
  compilePolicy,
  listAllowed,
  type SelinuxPolicy,
} from '../../support/selinux/selinux-policy.ts'
import { skipUnless } from '../../support/skips.ts'

const file = 'k8s/components/selinux/secure_signing.cil'
const module = await readFile(join(CHECKOUT, file), 'utf8')
const root = await buildSelinuxTools().catch((error: Error) => {
  console.warn(error.message)
  return undefined
})
const needsTools = skipUnless(root, 'the SELinux tools cannot be installed')

const frontend = 'secure_signing_frontend_t'
const signer = 'secure_signing_signer_t'
/** Debian's policy allows every domain to translate labels by it. */
const translator = ['setrans_t']
const socketKinds = /socket$/
/** Debian's policy allows every domain to execute these. */
const libraries = ['ld_so_t', 'lib_t', 'textrel_shlib_t']
const image = ['container_file_t', 'container_ro_file_t']

describe('the SELinux module', needsTools, () => {
  let policy: SelinuxPolicy
  const allowed: Record<string, AllowRule[]> = {}
  beforeAll(async () => {
    policy = await compilePolicy(root ?? '', module)
    for (const type of [frontend, signer]) allowed[type] = await listAllowed(policy, type)
  })

  test.each([
    ['an unknown rule', '(allow', '(permit'],
    ['an unknown type', '(allow container_t', '(allow nobody_t'],
    ['an unknown permission', 'execmem fork', 'execmem spoon'],
  ])('does not compile with %s', async (_, found, wrong) => {
    const broken = module.replace(found, wrong)
    expect(broken).not.toBe(module)
    await expect(compilePolicy(root ?? '', broken)).rejects.toThrow(/secilc exited with/)
  })

  test.each([frontend, signer])('separates %s from other Pods by categories', async (type) => {
    const said = await policy.describe('-t', type, '-x')
    expect(said).toMatch(/\bdomain, mcs_constrained_type,/)
    expect(said).not.toContain('container_domain')
    expect(await policy.describe('-r', 'system_r', '-x')).toMatch(new RegExp(`\\b${type}\\b`))
    expect(await policy.describe('--constrain')).toContain(
      'mlsconstrain unix_stream_socket connectto (h1 dom h2 or ( t1 != mcs_constrained_type ))',
    )
  })

  test('allows the container runtime to start both, from their images', async () => {
    const rules = await listAllowed(policy, 'container_engine_t')
    expect(listTargets(rules, ['transition'])).toContain('secure_signing_domain')
    expect(listTargets(allowed[signer], ['entrypoint'])).toEqual(image)
    expect(listTargets(allowed[frontend], ['entrypoint'])).toEqual(image)
  })

  test('allows each exactly its sockets', () => {
    expect(listSockets(allowed[signer])).toEqual(['unix_stream_socket'])
    // Debian's policy allows every domain the last one.
    const sockets = ['tcp_socket', 'udp_socket', 'unix_stream_socket']
    expect(listSockets(allowed[frontend])).toEqual(sockets)
  })

  test('allows the signer no connection, and the frontend only TCP', async () => {
    expect(listTargets(allowed[signer], ['connectto', 'sendto'], socketKinds)).toEqual(translator)
    expect(listTargets(allowed[signer], ['name_connect', 'name_bind', 'node_bind'])).toEqual([])
    expect(listTargets(allowed[frontend], ['connectto', 'sendto'], socketKinds)).toEqual(translator)
    expect(listTargets(allowed[frontend], ['name_connect'])).toEqual(['port_type'])
    expect(listTargets(allowed[frontend], ['name_bind'])).toEqual(['http_cache_port_t'])
    expect(await policy.describe('--portcon', '8080')).toContain(
      'tcp 8080 system_u:object_r:http_c',
    )
  })

  test('allows istio-proxy to connect to the signer, but not the frontend', async () => {
    const proxy = await listAllowed(policy, 'container_t')
    expect(proxy.filter(({ target }) => target === signer)).toEqual([
      {
        source: 'container_t',
        target: signer,
        kind: 'unix_stream_socket',
        permissions: ['connectto'],
      },
    ])
    const socket = { target: 'secure_signing_socket_t', kind: 'sock_file' }
    expect(proxy).toContainEqual(expect.objectContaining(socket))
    expect(allowed[frontend]?.filter(({ target }) => target === signer)).toEqual([])
    expect(allowed[frontend]?.filter(({ target }) => target === socket.target)).toEqual([])
  })

  test.each([frontend, signer])('does not allow %s to start or trace programs', (type) => {
    const started = ['execute_no_trans', 'transition', 'dyntransition', 'setexec']
    expect(listTargets(allowed[type], started)).toEqual([])
    expect(listTargets(allowed[type], ['ptrace', 'setcurrent', 'execheap', 'execstack'])).toEqual(
      [],
    )
    expect(allowed[type]?.filter(({ kind }) => /^cap/.test(kind))).toEqual([])
  })

  test.each([
    // Only the files in /proc have the type of the container.
    [frontend, [frontend], [frontend]],
    [signer, ['secure_signing_pairing_t', signer], ['container_file_t', signer]],
  ])('does not allow %s to write what it may execute', (type, files, folders) => {
    expect(listTargets(allowed[type], ['write', 'append', 'create'], /^file$/)).toEqual(files)
    expect(listTargets(allowed[type], ['write', 'add_name'], /^dir$/)).toEqual(folders)
    const executed = listTargets(allowed[type], ['execute'])
    expect(executed).toEqual([...image, ...libraries])
    expect(executed.filter((each) => files.includes(each))).toEqual([])
  })

  test('gives the files of the signer their own types', async () => {
    expect((await policy.search('-T', '-s', signer)).toSorted()).toEqual([
      `type_transition ${signer} container_file_t:file secure_signing_pairing_t;`,
      `type_transition ${signer} container_file_t:sock_file secure_signing_socket_t;`,
    ])
    const secret = allowed[frontend]?.filter(({ target }) => target === 'secure_signing_pairing_t')
    expect(secret?.map(({ permissions }) => permissions)).toEqual([['getattr', 'open', 'read']])
  })

  test('would allow more in container_domain, which udica uses', async () => {
    const joined = `${module}(typeattributeset container_domain (${signer}))`
    const more = await compilePolicy(root ?? '', joined)
    const rules = await listAllowed(more, signer)
    expect(listTargets(rules, ['execute_no_trans'])).toContain('container_file_t')
    expect(listTargets(rules, ['write'], /^file$/)).toContain('container_file_t')
    expect(listSockets(rules)).toContain('unix_dgram_socket')
  })
})

/** Lists the targets for which one of `permissions` is allowed. */
function listTargets(rules: readonly AllowRule[] = [], permissions: string[], kinds = /./) {
  const found = rules.filter((rule) => permissions.some((each) => rule.permissions.includes(each)))
  const targets = found.filter(({ kind }) => kinds.test(kind)).map(({ target }) => target)
  return [...new Set(targets)].toSorted()
}

/** Lists the kinds of sockets that may be created. */
function listSockets(rules: readonly AllowRule[] = []): string[] {
  const found = rules.filter(({ permissions }) => permissions.includes('create'))
  return [...new Set(found.map(({ kind }) => kind))]
    .filter((kind) => socketKinds.test(kind))
    .toSorted()
}
