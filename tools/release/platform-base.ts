// The base image of each platform. A base that is an index is replaced by the platform's own manifest: a builder has one name for
// the index and several images, and writes the name into what it builds only for the image that it fetched last.
import { z } from 'zod'
import { tryRun } from '../cli/exec.ts'
import { UserError } from '../cli/terminal.ts'

const index = z.object({
  manifests: z.array(
    z.object({
      digest: z.string(),
      platform: z.object({
        architecture: z.string(),
        os: z.string(),
        variant: z.string().optional(),
      }),
    }),
  ),
})

/** `base` and each result are "repository@sha256:…". Throws UserError if the index lacks a platform. */
export async function findPlatformBases(
  builder: string,
  base: string,
  platforms: readonly string[],
): Promise<string[]> {
  const { stdout, stderr } = await tryRun(builder, ['manifest', 'inspect', base])
  const { data } = index.safeParse(parse(stdout))
  if (data === undefined && platforms.length > 1) {
    throw new UserError(
      `${base} is no image index with ${platforms.join(' and ')}, or the registry does not answer: ${stderr.trim().split('\n').at(-1)}`,
      'Let NODE_IMAGE name an image index by its digest. Or choose one platform: TARGET_PLATFORM=linux/amd64.',
    )
  }
  if (data === undefined) return [base]
  return platforms.map((wanted) => {
    const found = data.manifests.find(({ platform: { os, architecture, variant } }) =>
      [`${os}/${architecture}`, `${os}/${architecture}/${variant}`].includes(wanted),
    )
    if (found !== undefined) return `${base.split('@')[0]}@${found.digest}`
    throw new UserError(
      `${base} has no image for ${wanted}`,
      'Use another base image. Or leave out the platform: TARGET_PLATFORM=linux/amd64.',
    )
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
