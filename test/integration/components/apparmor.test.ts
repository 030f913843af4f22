// Debian's apparmor_parser compiles the AppArmor profiles. Nothing enforces them here. test/confinement/guest/apparmor.test.ts
// loads them into a kernel.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { buildAppArmorTools } from '../../support/debian-tools.ts'
import { skipUnless } from '../../support/skips.ts'

const file = 'k8s/components/apparmor/apparmor-profiles-config-map.yaml'
const { data } = z
  .object({ data: z.record(z.string(), z.string()) })
  .parse(parse(await readFile(join(CHECKOUT, file), 'utf8')))
const root = await buildAppArmorTools().catch((error: Error) => {
  console.warn(error.message)
  return undefined
})
const needsTools = skipUnless(root, 'apparmor_parser cannot be installed')

const networks: Record<string, string> = {
  frontend: 'inet { stream dgram } inet6 { stream dgram }',
  // Any rule of this kind would allow a connection to any socket. Only `unix` rules tell these apart.
  signer: '',
}
const writable: Record<string, string[]> = {
  frontend: ['/dev/{null,random,urandom,zero}', '…/coredump_filter'],
  signer: [
    '/dev/{null,random,urandom,zero}',
    '/run/pairing/secret{,.new}',
    '/run/signer/signer.sock{,.new}',
    '…/coredump_filter',
  ],
}

/** Compiles a profile. With --debug, apparmor_parser prints the rules that it has read. */
async function compile(profile: string, ...flags: string[]) {
  const parser = ['apparmor_parser', '--skip-kernel-load', '--skip-cache', ...flags]
  return tryRun('chroot', [root ?? '', ...parser], { input: profile })
}

describe.each(Object.entries(data))(
  'the AppArmor profile of the %s',
  needsTools,
  (container, profile) => {
    let rules = ''
    beforeAll(async () => {
      rules = (await compile(profile, '--debug')).stdout
    })

    test('compiles, and has the name in the Pod', async () => {
      const { code, stdout } = await compile(profile, '--names')
      expect({ code, names: stdout.trim() }).toEqual({
        code: 0,
        names: `secure-signing-${container}`,
      })
      expect((await compile(profile)).code).toBe(0)
    })

    test('does not compile with an invalid rule', async () => {
      const { code, stderr } = await compile(profile.replace('/dev/', 'may use /dev/'))
      expect(code).not.toBe(0)
      expect(stderr).toContain('syntax error')
    })

    test('allows exactly the network of its container', () => {
      expect(/^Network: (.*?) *$/m.exec(rules)?.[1] ?? '').toBe(networks[container])
    })

    test('allows writes only where its container writes, and allows no program', () => {
      const entries = [...rules.matchAll(/^Mode:\t(\w+):\w*\tName:\t\((.*)\)$/gm)]
      expect(entries.length).toBeGreaterThan(10)
      expect(entries.filter(([, mode = '']) => mode.includes('x'))).toEqual([])
      const written = entries.filter(([, mode = '']) => /[wa]/.test(mode))
      const names = written.map(([, , name = '']) => name.replace(/^\/proc\/.*\//, '…/'))
      expect(names.toSorted()).toEqual(writable[container])
    })
  },
)
