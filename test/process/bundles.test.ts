// Each image runs one bundle. It has no code of the other service, and needs no other file.
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { bundleService } from '../../tools/images/image-context.ts'
import { makeFolder } from '../support/folder.ts'
import { findBundle } from '../support/services/service-process.ts'

test('docs/security-model.md gives a reason for each package in the signer’s image', async () => {
  const packages = await bundleService('signer', join(await makeFolder(), 'main.mjs'))
  const text = await readFile(join(CHECKOUT, 'docs/security-model.md'), 'utf8')
  const list = text.slice(text.indexOf('### Packages'), text.indexOf('## Limits'))
  const explained = [...list.matchAll(/^- `([^`]+)`:/gm)].map(([, name]) => name)
  expect(explained.sort()).toEqual(packages.map((path) => path.replace('node_modules/', '')))
})

describe.each([
  { service: 'frontend', own: 'toUpperCase()', foreign: 'timingSafeEqual' },
  { service: 'signer', own: 'timingSafeEqual', foreign: 'the caller token' },
] as const)('the bundle of the $service', ({ service, own, foreign }) => {
  test('has its own code, no code of the other service, and imports only modules of Node', async () => {
    const text = await readFile(findBundle(service), 'utf8')
    expect(text).toContain(own)
    expect(text).not.toContain(foreign)
    const imported = [...text.matchAll(/^import .* from "([^"]+)"/gm)].map(([, name]) => name)
    expect(imported.filter((name) => !name?.startsWith('node:'))).toEqual([])
  })

  test('has nothing of package.json but the version', async () => {
    const text = await readFile(findBundle(service), 'utf8')
    expect(text.includes(`"${packageJson.version}"`)).toBe(service === 'frontend')
    expect(text).not.toMatch(/devDependencies|"private"/)
  })

  test('starts alone, and reports an invalid configuration', () => {
    const file = findBundle(service)
    const flags = ['--permission', `--allow-fs-read=${dirname(file)}`]
    const env = { SIGNER_TIMEOUT_MS: 'x', SIGNER_SHUTDOWN_DELAY_MS: 'x' }
    const { status, stdout } = spawnSync(process.execPath, [...flags, file], { env })
    expect(status).toBe(78)
    expect(stdout.toString()).toContain('"event":"config_invalid"')
  })
})
