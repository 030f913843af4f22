// make deploy never guesses where the images are. Without IMAGE_PREFIX it fails, and names the deployed prefix. kubectl is a
// script.
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { requireImagePrefix } from '../../../tools/deploy/preflight/image-prefix.ts'
import { onePod, separatePods } from '../../../tools/kube/layouts.ts'
import { makeFolder } from '../../support/folder.ts'

afterEach(() => vi.unstubAllEnvs())

/** Makes kubectl print `image` for the Deployment `name`, and nothing for others. */
async function fakeDeployment(name: string, image: string): Promise<void> {
  const bin = await makeFolder()
  const script = `#!/bin/sh\n[ "$1 $2 $3" = "get deployment ${name}" ] && printf '%s' '${image}'\nexit 0\n`
  await writeFile(join(bin, 'kubectl'), script)
  await chmod(join(bin, 'kubectl'), 0o755)
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
}

test('IMAGE_PREFIX is used unchanged, also if another prefix is deployed', async () => {
  await fakeDeployment('secure-signing', 'registry.example/old/signer:0123456789ab')
  expect(await requireImagePrefix('registry.example/new', onePod)).toBe('registry.example/new')
})

describe('without IMAGE_PREFIX', () => {
  test.each([
    ['registry.example:5000/team/signer:0123456789ab', onePod, 'registry.example:5000/team'],
    ['registry.example/team/signer@sha256:0123', separatePods, 'registry.example/team'],
  ])('the error names the prefix of the deployed image %s', async (image, layout, prefix) => {
    await fakeDeployment(layout.signer, image)
    await expect(requireImagePrefix(undefined, layout)).rejects.toMatchObject({
      message: `IMAGE_PREFIX is not set, and the deployed images are from ${prefix}`,
      todo: `Run \`make deploy IMAGE_PREFIX=${prefix}\`.`,
    })
  })

  test.each(['', 'busybox:1'])(
    'the error says how to make images if the deployed image is %j',
    async (image) => {
      await fakeDeployment('secure-signing', image)
      await expect(requireImagePrefix('', onePod)).rejects.toMatchObject({
        message: expect.stringContaining('IMAGE_PREFIX is not set'),
        todo: expect.stringContaining('make images IMAGE_PREFIX=registry/prefix PUSH=yes'),
      })
    },
  )
})
