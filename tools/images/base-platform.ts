// Whether a base image is for the platform of the images. Builders take any, and label what they build with the wanted platform.
// The containers then end with "exec format error".
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { tryRun } from '../cli/exec.ts'
import { UserError } from '../cli/terminal.ts'
import { type Builder, defaultBase } from './image-builder.ts'
import { readMachine } from './machine.ts'
import { machinePlatform, readArchitecture } from './platform.ts'

/** More than the headers of a tar archive and of the program in it. */
const START_BYTES = 8_192

/** Throws UserError if the base is for another platform. Call it after a build. Says nothing if the builder cannot tell. */
export async function checkBasePlatform(
  builder: Builder,
  base = defaultBase,
  platform = machinePlatform,
): Promise<void> {
  const found =
    builder === 'docker' ? await readNode(base, platform) : await readLabel(builder, base)
  if (found === undefined || found === readArchitecture(platform)) return
  throw new UserError(
    `the base image ${base} is for linux/${found}, so the images do not run on ${platform}`,
    'Let NODE_IMAGE name an image of this platform. If it is a copy, copy all platforms: docker buildx imagetools create.',
  )
}

/** BuildKit does not keep the base as an image, so this looks at Node.js in it. */
async function readNode(base: string, platform: string): Promise<string | undefined> {
  const file = join(import.meta.dirname, 'node.Containerfile')
  const from = ['--build-arg', `NODE_IMAGE=${base}`, '--platform', platform]
  const args = [
    'build',
    ...from,
    '--output',
    'type=tar,dest=-',
    '--file',
    file,
    import.meta.dirname,
  ]
  const child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const parts: Buffer[] = []
  for await (const part of child.stdout) {
    if (parts.reduce((sum, each) => sum + each.length, 0) < START_BYTES) parts.push(part)
  }
  const start = Buffer.concat(parts)
  const at = start.indexOf(Buffer.from('7f454c46', 'hex'))
  return at === -1 ? undefined : readMachine(start.subarray(at))
}

/** The label of the image that the build has fetched. */
async function readLabel(
  builder: Exclude<Builder, 'docker'>,
  base: string,
): Promise<string | undefined> {
  const args = {
    podman: ['image', 'inspect', '--format', '{{.Architecture}}', base],
    buildah: ['inspect', '--type', 'image', '--format', '{{.OCIv1.Architecture}}', base],
  }
  const { code, stdout } = await tryRun(builder, args[builder])
  return code === 0 ? stdout.trim() || undefined : undefined
}
