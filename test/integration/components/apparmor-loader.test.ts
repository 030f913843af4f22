// The command with which the component loads the AppArmor profiles, with Debian's apparmor_parser, and without a kernel.
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { readText } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { buildAppArmorTools } from '../../support/debian-tools.ts'
import { makeFolder, makePrograms, mountEntries } from '../../support/folder.ts'
import { skipUnless } from '../../support/skips.ts'

const folder = 'k8s/components/apparmor'
const configMap = z.object({ data: z.record(z.string(), z.string()) })
const daemonSet = z.object({
  spec: z.object({
    template: z.object({
      metadata: z.object({ annotations: z.record(z.string(), z.string()) }),
      spec: z.object({ initContainers: z.tuple([z.object({ command: z.array(z.string()) })]) }),
    }),
  }),
})
const { data } = configMap.parse(
  parse(await readText(`${folder}/apparmor-profiles-config-map.yaml`)),
)
const { metadata, spec } = daemonSet.parse(
  parse(await readText(`${folder}/apparmor-profiles-daemon-set.yaml`)),
).spec.template
const [{ command }] = spec.initContainers
const root = await buildAppArmorTools().catch((error: Error) => {
  console.warn(error.message)
  return undefined
})
const needsTools = skipUnless(root, 'apparmor_parser cannot be installed')

/** Runs the command with these profiles, on a node whose kernel refuses the profile `refused`. `calls`: what the parser did. */
async function load(profiles: Record<string, string>, refused = '') {
  const here = await makeFolder()
  const calls = join(here, 'calls')
  const bin = await makePrograms({
    // Compiles for real, and only records what would be loaded.
    chroot: `text=$(cat)
echo "$text" | /usr/sbin/chroot '${root}' "$2" --skip-kernel-load --skip-cache || exit 1
name=$(echo "$text" | sed -n 's/^ *profile \\([^ ]*\\).*/\\1/p' | tr '\\n' ' ')
case "$*" in *--skip-kernel-load*) what=compile ;; *) what=load ;; esac
echo $what $name >>'${calls}'
[ "$what $name" != 'load ${refused} ' ]`,
  })
  await mkdir(join(here, 'profiles'))
  await mountEntries(join(here, 'profiles'), profiles)
  const [program = '', ...args] = command.map((word) =>
    word.replaceAll('/profiles/', `${here}/profiles/`),
  )
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` }
  const { code, stderr } = await tryRun(program, args, { env })
  const text = await readFile(calls, 'utf8').catch(() => '')
  return { code, stderr, calls: text === '' ? [] : text.trim().split('\n') }
}

test('compiles both profiles, and then loads both', needsTools, async () => {
  expect(await load(data)).toMatchObject({
    code: 0,
    calls: [
      'compile secure-signing-frontend',
      'compile secure-signing-signer',
      'load secure-signing-frontend',
      'load secure-signing-signer',
    ],
  })
})

test('names the profile that does not compile, and loads none', needsTools, async () => {
  const signer = `${data.signer}`.replace('/dev/', 'may use /dev/')
  const { code, stderr, calls } = await load({ ...data, signer })
  expect(code).toBe(1)
  expect(stderr).toContain('syntax error')
  expect(stderr).toContain('the profile signer does not compile on this node')
  expect(calls).toEqual(['compile secure-signing-frontend'])
})

test('names the profile that the kernel refuses', needsTools, async () => {
  const { code, stderr } = await load(data, 'secure-signing-signer')
  expect(code).toBe(1)
  expect(stderr).toContain('the kernel of this node refuses the profile signer')
})

test('runs again on each node when a profile changes', () => {
  const hash = createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 8)
  expect(metadata.annotations['secure-signing.dev/profiles']).toBe(hash)
})
