// The packages in a bundle, as the lockfile has them, with the texts of their licences. One whose licence is not in the
// list here can't get into an image.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../cli/checkout.ts'
import { UserError } from '../cli/terminal.ts'

export type BundledPackage = {
  /** With its scope, e.g. "@hono/node-server". */
  name: string
  version: string
  /** Of the registry's archive, e.g. "sha512-…" in base64. */
  integrity: string
  /** Its SPDX identifier. */
  licence: string
  licenceText: string
}

/** SPDX identifiers of licences that ask for no more than their text to be shipped: formatLicences does that. */
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
 * Describes packages, named as in the lockfile of `folder` ("node_modules/zod"), the project's by default. Throws
 * UserError if one is not in it, has no allowed licence, or does not come with the licence's text.
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
        throw new UserError(`${path} is not in package-lock.json, with its hash`, 'run npm install')
      }
      if (!allowedLicences.includes(licence)) {
        throw new UserError(
          `${name} ${version} has the licence ${licence}, and would be in an image`,
          `use another package, or have the licence examined and listed in tools/images/bundled-packages.ts`,
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
      `${folder} has no text of its licence`,
      'use another package: what ships must come with it',
    )
  }
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.map((text) => text.trim()).join('\n\n')
}

/** The text of the image's file LICENSES: this project's own licence, then each that the packages have. */
export async function formatLicences(packages: readonly BundledPackage[]): Promise<string> {
  const own = (await readFile(join(CHECKOUT, 'LICENSE'), 'utf8')).trim()
  const holders = new Map([[own, ['secure-signing']]])
  for (const { name, version, licenceText } of packages) {
    holders.set(licenceText, [...(holders.get(licenceText) ?? []), `${name} ${version}`])
  }
  return [...holders].map(([text, names]) => `== ${names.join(', ')} ==\n\n${text}\n`).join('\n')
}
