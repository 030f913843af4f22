// The packages in a bundle, from the lockfile, with the texts of their licences. A package whose licence is not in this list
// cannot become part of an image.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT, readText } from '../cli/checkout.ts'
import { UserError } from '../cli/terminal.ts'

export type BundledPackage = {
  /** With its scope, for example "@hono/node-server". */
  name: string
  version: string
  /** The hash of the registry's archive, "sha512-…" in base64. */
  integrity: string
  licence: string
  licenceText: string
}

/** SPDX identifiers of licences whose only condition is to ship their text. formatLicences fulfils it. */
const allowedLicences = ['MIT', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD']

const lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string(),
      integrity: z.string().optional(),
      license: z.string().optional(),
    }),
  ),
})

/**
 * Describes packages by their path in the lockfile of `folder`, for example "node_modules/zod". Throws UserError if the
 * lockfile lacks a package, if its licence is not allowed, or if it does not contain the text of its licence.
 */
export async function describePackages(
  paths: readonly string[],
  folder = CHECKOUT,
): Promise<BundledPackage[]> {
  const text = await readFile(join(folder, 'package-lock.json'), 'utf8')
  const { packages } = lockfile.parse(JSON.parse(text))
  return Promise.all(
    paths.map(async (path) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      const { version, integrity, license: licence = 'no licence' } = packages[path] ?? {}
      if (version === undefined || integrity === undefined) {
        throw new UserError(`package-lock.json has no hash for ${path}`, 'Run npm install.')
      }
      if (!allowedLicences.includes(licence)) {
        throw new UserError(
          `${name} ${version} has the licence ${licence}, which is not allowed in an image`,
          'Use another package. Or review the licence, and add it to tools/images/bundled-packages.ts.',
        )
      }
      const licenceText = await readLicence(join(folder, path))
      return { name, version, integrity, licence, licenceText }
    }),
  )
}

async function readLicence(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|notice)/i.test(name)).sort()
  if (!names.some((name) => /^licen/i.test(name))) {
    throw new UserError(
      `${folder} does not contain its licence`,
      'Use another package. Images must ship the text of each licence.',
    )
  }
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.map((text) => text.trim()).join('\n\n')
}

/** Returns the text of the image's file LICENSES: the licence of this project, then those of the packages. */
export async function formatLicences(packages: readonly BundledPackage[]): Promise<string> {
  const own = (await readText('LICENSE')).trim()
  const holders = new Map([[own, ['secure-signing']]])
  for (const { name, version, licenceText } of packages) {
    holders.set(licenceText, [...(holders.get(licenceText) ?? []), `${name} ${version}`])
  }
  return [...holders].map(([text, names]) => `== ${names.join(', ')} ==\n\n${text}\n`).join('\n')
}
