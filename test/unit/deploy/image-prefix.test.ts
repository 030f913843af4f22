// Where the images are is never guessed: without IMAGE_PREFIX nothing is deployed, and what is there is named. kubectl is a script here.
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { requireImagePrefix } from '../../../tools/deploy/preflight/image-prefix.ts'
import { onePod, separatePods } from '../../../tools/kube/layouts.ts'
import { makeFolder } from '../../support/folder.ts'

afterEach(() => vi.unstubAllEnvs())

/** Has kubectl answer `image` where it is asked for the Deployment of that name, and nothing elsewhere. */
async function deployed(name: string, image: string): Promise<void> {
  const bin = await makeFolder()
  const script = `#!/bin/sh\n[ "$1 $2 $3" = "get deployment ${name}" ] && printf '%s' '${image}'\nexit 0\n`
  await writeFile(join(bin, 'kubectl'), script)
  await chmod(join(bin, 'kubectl'), 0o755)
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
}

test('IMAGE_PREFIX is taken as it is, whatever is deployed', async () => {
  await deployed('secure-signing', 'registry.example/old/signer:0123456789ab')
  expect(await requireImagePrefix('registry.example/new', onePod)).toBe('registry.example/new')
})

describe('without IMAGE_PREFIX', () => {
  test.each([
    ['registry.example:5000/team/signer:0123456789ab', onePod, 'registry.example:5000/team'],
    ['registry.example/team/signer@sha256:0123', separatePods, 'registry.example/team'],
  ])('the place of %s is named', async (image, layout, prefix) => {
    await deployed(layout.signer, image)
    await expect(requireImagePrefix(undefined, layout)).rejects.toMatchObject({
      message: `IMAGE_PREFIX is not given, and what is deployed is of ${prefix}`,
      todo: `make deploy IMAGE_PREFIX=${prefix}`,
    })
  })

  test.each(['', 'busybox:1'])(
    'and without a deployment of ours (%j): how to come to one',
    async (image) => {
      await deployed('secure-signing', image)
      await expect(requireImagePrefix('', onePod)).rejects.toMatchObject({
        message: expect.stringContaining('IMAGE_PREFIX is not given'),
        todo: expect.stringContaining('make images IMAGE_PREFIX=registry/prefix PUSH=yes'),
      })
    },
  )
})
