// The tag of a version says which release line it is, because `make deploy` reads it from the image.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatTag } from '../../../tools/local-cluster/programs/program-recipes.ts'
import { makeFolder } from '../../support/folder.ts'

test.each([
  ['v1.35.4', '1.35.4'],
  ['v0.0.0-20260826214018-9739e10eb9d7', '1.30-9739e10eb9d7'],
])('the tag of %s in a source of 1.30 is %s', async (version, tag) => {
  const folder = await makeFolder()
  await writeFile(join(folder, 'VERSION'), '1.30\n')
  expect(await formatTag(version, folder)).toBe(tag)
})
