// What runs in the images is one file a service. It has nothing of the other's, and runs with nothing beside it.
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { bundleService } from '../../tools/images/image-context.ts'
import { makeFolder } from '../support/folder.ts'
import { findBundle } from '../support/services/service-process.ts'

test('the packages in the signer’s image are those that docs/security-model.md gives a reason for', async () => {
  const packages = await bundleService('signer', join(await makeFolder(), 'main.mjs'))
  const text = await readFile(join(CHECKOUT, 'docs/security-model.md'), 'utf8')
  const table = text.slice(text.indexOf('| package |'), text.indexOf('## Limits'))
  const explained = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  )
  expect(explained.sort()).toEqual(packages.map((path) => path.replace('node_modules/', '')))
})

describe.each([
  { room: 'frontend', own: 'toUpperCase()', foreign: 'timingSafeEqual' },
  { room: 'signer', own: 'timingSafeEqual', foreign: 'the caller token' },
] as const)('the bundle of the $room', ({ room, own, foreign }) => {
  test('has its own code, none of the other, and only modules of Node to import', async () => {
    const text = await readFile(findBundle(room), 'utf8')
    expect(text).toContain(own)
    expect(text).not.toContain(foreign)
    const imported = [...text.matchAll(/^import .* from "([^"]+)"/gm)].map(([, name]) => name)
    expect(imported.filter((name) => !name?.startsWith('node:'))).toEqual([])
  })

  test('starts by itself, and says what it needs', () => {
    const file = findBundle(room)
    const flags = ['--permission', `--allow-fs-read=${dirname(file)}`]
    const env = { SIGNER_TIMEOUT_MS: 'x', SIGNER_LINGER_MS: 'x' }
    const { status, stdout } = spawnSync(process.execPath, [...flags, file], { env })
    expect(status).toBe(78)
    expect(stdout.toString()).toContain('"event":"config_invalid"')
  })
})
