// Finds the program that builds images: the first of docker, podman and buildah that works.
import { run, tryRun } from '../cli/exec.ts'
import { say, UserError } from '../cli/terminal.ts'
import { explaining, ranges, readReason } from './builder-errors.ts'
import { readInstructions } from './containerfile.ts'
import { machinePlatform } from './platform.ts'

export type ImageBuild = {
  reference: string
  containerfile: string
  context: string
  /** The Containerfile's argument NODE_IMAGE. By default, the Containerfile's own base image. */
  baseImage?: string | undefined
  /** By default this machine's. */
  platform?: string | undefined
}
export type BuildImage = (input: ImageBuild) => Promise<void>

export const builders = ['docker', 'podman', 'buildah'] as const
export type Builder = (typeof builders)[number]

/**
 * Arguments that set all times in an image to 1970, so that the same content has the same digest. Docker needs BuildKit for
 * this, and keeps the times of the prepared files and folders (image-context.ts).
 */
export const fixedTime: Record<Builder, readonly string[]> = {
  docker: ['--build-arg', 'SOURCE_DATE_EPOCH=0'],
  podman: ['--timestamp', '0'],
  buildah: ['--timestamp', '0'],
}

/** Docker's attestation names the moment of the build. `make release` writes a provenance instead. */
const env = { ...process.env, BUILDX_NO_DEFAULT_ATTESTATIONS: '1' }

/** What to do if a builder does not work, by its words. */
const remedies: readonly [says: RegExp, todo: string][] = [
  [/permission denied/, 'Add your user to the group docker and log in again, or use root.'],
  [/cannot connect/i, 'Start its engine, for example with `sudo systemctl start docker`.'],
  [/newuidmap|subuid|subgid|user namespace/, `${ranges}. The package uidmap must be there.`],
]

/**
 * Returns the first builder of `among` that answers `info`, or the one that `wanted` names. Prints which builders it skips,
 * for example a docker client without an engine. Throws UserError if none works.
 */
export async function findBuilder<Name extends Builder>(
  wanted: string | undefined,
  among: readonly Name[],
): Promise<Name> {
  const names = among.join(', ')
  const candidates = among.filter((command) => wanted === undefined || command === wanted)
  if (candidates.length === 0) {
    throw new UserError(`BUILDER=${wanted} is not one of ${names}`, `Give one of ${names}.`)
  }
  const reasons: string[] = []
  for (const command of candidates) {
    const { code, stderr } = await tryRun(command, ['info'], { timeoutMs: 20_000 })
    if (code === 0) {
      for (const reason of reasons) say(`  skip  ${reason}`)
      return command
    }
    const why = readReason(stderr)
    reasons.push(
      `${command}: ${code === 127 ? 'not installed' : why || `info exited with ${code}`}`,
    )
  }
  const found = remedies.filter(([says]) => reasons.some((reason) => says.test(reason)))
  const [todo] = found.map(([, todo]) => todo)
  throw new UserError(
    `no program can build images (${reasons.join(', ')})`,
    `${todo ?? `Install one of ${names}, and start its engine.`} \`make up\` needs none of them.`,
  )
}

/** The base image of the Containerfiles. */
export const defaultBase = readInstructions('signer', 'ARG')[0]?.replace('NODE_IMAGE=', '') ?? ''

export function createBuild(builder: Builder): BuildImage {
  return async ({ reference, containerfile, context, baseImage, platform = machinePlatform }) => {
    const buildArgs = baseImage ? ['--build-arg', `NODE_IMAGE=${baseImage}`] : []
    // Always a platform. Without one, Docker may have another default, and podman and buildah take a base that is there for
    // another platform.
    const args = [
      ...['build', ...fixedTime[builder], ...buildArgs, '--platform', platform],
      ...['--tag', reference, '--file', containerfile, context],
    ]
    const base = baseImage || defaultBase
    const attempt = { builder, reference: base, variable: 'NODE_IMAGE' } as const
    await explaining(attempt, () => run(builder, args, { env }))
  }
}
