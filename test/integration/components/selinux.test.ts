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
/** Declares the runtime as container-selinux does, so that the module's rules for it are compiled too. */
const containerSelinux = 'runtime_of_container_selinux_t'
const declareRuntime = `(type ${containerSelinux})(typeattribute container_runtime_domain)
(typeattributeset container_runtime_domain (${containerSelinux}))
(typeattributeset domain (${containerSelinux}))`

describe('the SELinux module', needsTools, () => {
  let policy: SelinuxPolicy
  /** The rules of the signer if it joins container_domain. */
  let joined: AllowRule[]
  const allowed: Record<string, AllowRule[]> = {}
  /** Both compile at the same time, because each takes seconds. */
  beforeAll(async () => {
    const compileJoined = async () => {
      const text = `${module}(typeattributeset container_domain (${signer}))`
      joined = await listAllowed(await compilePolicy(root ?? '', text), signer)
    }
    const compile = async () => {
      policy = await compilePolicy(root ?? '', `${module}${declareRuntime}`)
      for (const type of [frontend, signer]) allowed[type] = await listAllowed(policy, type)
    }
    await Promise.all([compile(), compileJoined()])
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

  test.each(['container_engine_t', containerSelinux])(
    'allows %s, the runtime, to start and to see both',
    async (runtime) => {
      const rules = (await listAllowed(policy, runtime)).filter(
        ({ target }) => target === 'secure_signing_domain',
      )
      expect(listTargets(rules, ['transition'], /^process$/)).toHaveLength(1)
      // The files in /proc. Without them, runc takes the container for stopped.
      expect(listTargets(rules, ['search'], /^dir$/)).toHaveLength(1)
      expect(listTargets(rules, ['read'], /^file$/)).toHaveLength(1)
      expect(listTargets(rules, ['read'], /^lnk_file$/)).toHaveLength(1)
    },
  )

  test('executes only their images', () => {
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

  test('lets only the signer watch its volumes', () => {
    const watched = [frontend, signer].map((type) => listTargets(allowed[type], ['watch'], /^dir$/))
    expect(watched).toEqual([[], image.slice(0, 1)])
  })

  test('gives the files of the signer their own types and names, and lets it create no others', async () => {
    expect((await policy.search('-T', '-s', signer)).toSorted()).toEqual([
      `type_transition ${signer} container_file_t:file secure_signing_pairing_t secret.new;`,
      `type_transition ${signer} container_file_t:sock_file secure_signing_socket_t signer.sock.new;`,
    ])
    const secret = allowed[frontend]?.filter(({ target }) => target === 'secure_signing_pairing_t')
    expect(secret?.map(({ permissions }) => permissions)).toEqual([['getattr', 'open', 'read']])
    const kinds = /^(dir|file|lnk_file|sock_file|fifo_file|chr_file|blk_file)$/
    expect(listTargets(allowed[signer], ['create'], kinds)).toEqual([
      'secure_signing_pairing_t',
      // Debian's policy allows every domain this for its files in /proc, where none can be created.
      signer,
      'secure_signing_socket_t',
    ])
  })

  test('would allow more in container_domain, which udica uses', () => {
    expect(listTargets(joined, ['execute_no_trans'])).toContain('container_file_t')
    expect(listTargets(joined, ['write'], /^file$/)).toContain('container_file_t')
    expect(listSockets(joined)).toContain('unix_dgram_socket')
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
