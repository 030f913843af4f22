// An image contains only packages with an allowed licence, and the text of each licence.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { describePackages, formatLicences } from '../../../tools/images/bundled-packages.ts'
import { bundleService } from '../../../tools/images/image-context.ts'
import { imageNames } from '../../../tools/images/image-references.ts'
import { makeFolder } from '../../support/folder.ts'

const integrity = `sha512-${'A'.repeat(86)}==`

/** Makes a folder with one package and its lockfile. */
async function makeProject(entry: object, files: Record<string, string>): Promise<string> {
  const folder = await makeFolder()
  const path = join(folder, 'node_modules/@scope/some')
  await mkdir(path, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  const packages = { 'node_modules/@scope/some': { version: '1.0.0', ...entry } }
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ packages }))
  return folder
}

test('accepts a package with an allowed licence and its text', async () => {
  const folder = await makeProject(
    { integrity, license: 'MIT' },
    { LICENSE: 'Do\n', NOTICE: 'Read' },
  )
  expect(await describePackages(['node_modules/@scope/some'], folder)).toEqual([
    { name: '@scope/some', version: '1.0.0', integrity, licence: 'MIT', licenceText: 'Do\n\nRead' },
  ])
})

const text = { LICENSE: 'Do' }
test.each([
  { entry: { integrity, license: 'GPL-3.0-only' }, files: text, says: 'the licence GPL-3.0-only' },
  {
    entry: { integrity, license: 'SEE LICENSE IN x' },
    files: text,
    says: 'the licence SEE LICENSE',
  },
  { entry: { integrity }, files: text, says: 'has the licence no licence' },
  {
    entry: { integrity, license: 'MIT' },
    files: { NOTICE: '' },
    says: 'does not contain its licence',
  },
  { entry: { license: 'MIT' }, files: text, says: 'package-lock.json has no hash' },
])('refuses a package: $says', async ({ entry, files, says }) => {
  const folder = await makeProject(entry, files)
  await expect(describePackages(['node_modules/@scope/some'], folder)).rejects.toThrow(says)
})

test.each(imageNames)(
  'the image of the %s has the text of its own licence and of each package',
  async (service) => {
    const paths = await bundleService(service, join(await makeFolder(), 'main.mjs'))
    const licences = await formatLicences(await describePackages(paths))
    for (const path of ['.', ...paths]) {
      expect(licences).toContain((await readFile(join(CHECKOUT, path, 'LICENSE'), 'utf8')).trim())
    }
    expect(paths).toContain('node_modules/zod')
  },
)
