// Finds the program that builds images: the first of docker, podman and buildah that works.
import { run, tryRun } from '../cli/exec.ts'
import { say, UserError } from '../cli/terminal.ts'
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
type Builder = (typeof builders)[number]

/**
 * Arguments that set all times in an image to 1970, so that the same content has the same digest. Docker needs BuildKit for
 * this, and keeps the times of the prepared files (image-context.ts).
 */
export const fixedTime: Record<Builder, readonly string[]> = {
  docker: ['--build-arg', 'SOURCE_DATE_EPOCH=0'],
  podman: ['--timestamp', '0'],
  buildah: ['--timestamp', '0'],
}

/**
 * Returns the first builder of `among` that answers `info`, or the one that `wanted` names. Prints which builders it skips,
 * for example a docker client without an engine. Throws UserError if none works.
 */
export async function findBuilder<Name extends Builder>(
  wanted: string | undefined,
  among: readonly Name[],
): Promise<Name> {
  const candidates = among.filter((command) => wanted === undefined || command === wanted)
  const reasons: string[] = []
  for (const command of candidates) {
    const { code, stderr } = await tryRun(command, ['info'], { timeoutMs: 20_000 })
    if (code === 0) {
      for (const reason of reasons) say(`  skip  ${reason}`)
      return command
    }
    const why = stderr.trim().split('\n').at(-1) ?? ''
    reasons.push(
      `${command}: ${code === 127 ? 'not installed' : why || `info exited with ${code}`}`,
    )
  }
  throw new UserError(
    `no program can build images (${reasons.join(', ') || `BUILDER=${wanted} is not one of ${among.join(', ')}`})`,
    `Install one of ${among.join(', ')}, and start its engine. \`make up\` needs none of them.`,
  )
}

export function createBuild(command: Builder): BuildImage {
  return async ({ reference, containerfile, context, baseImage, platform }) => {
    // Docker's default is another one if DOCKER_DEFAULT_PLATFORM is set, or if its engine runs on another machine.
    const target = platform ?? (command === 'docker' ? machinePlatform : undefined)
    const buildArgs = baseImage ? ['--build-arg', `NODE_IMAGE=${baseImage}`] : []
    await run(command, [
      'build',
      ...fixedTime[command],
      ...buildArgs,
      ...(target === undefined ? [] : ['--platform', target]),
      '--tag',
      reference,
      '--file',
      containerfile,
      context,
    ])
  }
}
