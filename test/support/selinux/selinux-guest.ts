// Runs both services in a guest whose kernel enforces Debian's SELinux policy with the module of the component.
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { makeKey } from '../../../tools/deploy/keys/key-forms.ts'
import { readEntrypoint } from '../../../tools/images/containerfile.ts'
import { renderSample } from '../api-server/sample.ts'
import { makeFolder } from '../folder.ts'
import { buildProbe } from '../guest/probe.ts'
import { runGuest } from '../guest/run-guest.ts'
import { readSections } from '../guest/sections.ts'
import { buildServiceImages } from '../guest/service-images.ts'
import { makeFreshToken } from '../services/caller-token.ts'
import { installModule } from './guest-policy.ts'
import { composeBundles } from './runc-bundles.ts'
import { LEVEL, VOLUMES } from './runc-config.ts'
import { buildSelinuxRoot } from './selinux-root.ts'

const MODULE = join(CHECKOUT, 'k8s/components/selinux/secure_signing.cil')
const SNAPSHOTS = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots'
const scripts = join(import.meta.dirname, 'guest')

export type SelinuxRun = {
  /** Title → what a part of the scripts printed. */
  parts: Map<string, string>
  /** The kernel's records of refusals, one a line. */
  refusals: string[]
  /** Name → key. */
  keys: Map<string, Buffer>
}

/** Runs the scripts in `guest`. Throws with the end of the output if they fail. */
export async function runSelinuxGuest(onLine?: (line: string) => void): Promise<SelinuxRun> {
  const root = await buildSelinuxRoot()
  const policy = await installModule(root, MODULE)
  const images = await buildServiceImages(await makeFolder())
  const folder = await makeFolder()
  const keys = new Map(['first', 'changed'].map((name) => [name, Buffer.from(makeKey())]))
  const entries: [path: string, content: string | Buffer][] = [
    ['token/token', makeFreshToken(7_200)],
  ]
  for (const [name, path] of [
    ['first', 'key'],
    ['changed', 'changed-key'],
  ] as const) {
    entries.push([`${path}/${name}`, keys.get(name) ?? ''], [`${path}/primary`, name])
  }
  const { find } = await renderSample(['selinux', 'seccomp'])
  const deployment = find('Deployment/secure-signing')
  if (deployment === undefined) throw new Error('the rendering has no Deployment')
  const entrypoints = { frontend: readEntrypoint('frontend'), signer: readEntrypoint('signer') }
  for (const [name, bundle] of Object.entries(composeBundles(deployment, entrypoints))) {
    entries.push([`bundles/${name}/config.json`, JSON.stringify(bundle)])
  }
  for (const name of await readdir(scripts)) {
    entries.push([name, await readFile(join(scripts, name))])
  }
  for (const [path, content] of entries) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  await buildProbe(folder)
  await chmod(folder, 0o755)
  const layers: Record<string, string> = {}
  for (const [name, reference] of Object.entries(images.references)) {
    const layer = await makeFolder()
    await images.unpack(reference, layer)
    await chmod(layer, 0o755)
    layers[`${SNAPSHOTS}/${name}`] = layer
  }
  const { code, output, kernel } = await runGuest({
    ...{ root, security: 'selinux', timeoutMs: 600_000, ...(onLine && { onLine }) },
    folders: { '/etc/selinux/default/policy': policy, '/confined': folder, ...layers },
    script: `export VOLUMES=${VOLUMES} LEVEL=${LEVEL} SNAPSHOTS=${SNAPSHOTS}\n. /confined/prepare.sh`,
  })
  const refusals = kernel.split('\n').filter((line) => /avc: +denied/.test(line))
  if (code !== 0) {
    const last = [output.slice(-4_000), ...refusals.slice(-40)].join('\n')
    throw new Error(`the guest exited with ${code}:\n${last}`)
  }
  return { parts: readSections(output), refusals, keys }
}
