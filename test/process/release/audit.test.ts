// `make audit` fails for a known vulnerability, passes without one, and reports a registry that gives no answer.
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { makeFolder } from '../../support/folder.ts'
import { type Advisory, startRegistry } from '../../support/release/registry.ts'

vi.setConfig({ testTimeout: 60_000 })

const pollution: Advisory = {
  id: 1096465,
  url: 'https://github.com/advisories/GHSA-vh95-rmgr-6w4m',
  title: 'Prototype Pollution in minimist',
  severity: 'moderate',
  vulnerable_versions: '>=1.0.0 <1.2.3',
  cwe: ['CWE-1321'],
  cvss: { score: 5.6, vectorString: 'CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:L' },
}
const known = { 'minimist@1.2.0': [pollution] }

/** Makes a folder with this project's lockfile, or with a project that has `more`. */
async function makeProject(more?: { dependencies?: object; devDependencies?: object }) {
  const folder = await makeFolder()
  for (const name of ['.npmrc', 'package.json', 'package-lock.json']) {
    await cp(join(CHECKOUT, name), join(folder, name))
  }
  if (more === undefined) return folder
  const project = { name: 'project', ...more }
  const minimist = { version: '1.2.0', dev: more.devDependencies !== undefined }
  const packages = { '': project, 'node_modules/minimist': minimist }
  await writeFile(join(folder, 'package.json'), JSON.stringify(project))
  const lockfile = { ...project, lockfileVersion: 3, requires: true, packages }
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lockfile))
  return folder
}

async function audit(cwd: string, registry: string) {
  const env = {
    ...process.env,
    npm_config_registry: registry,
    npm_config_cache: await makeFolder(),
  }
  return tryRun(process.execPath, [join(CHECKOUT, 'tools/release/audit.ts')], { cwd, env })
}

describe('with a registry that has advisories', () => {
  test('fails for a vulnerability in a shipped package, and names it', async () => {
    const { url } = await startRegistry(known)
    const project = await makeProject({ dependencies: { minimist: '1.2.0' } })
    const { code, stdout } = await audit(project, url)
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringMatching(/^moderate\tminimist .*\t.*GHSA-vh95-rmgr-6w4m$/m),
    })
  })

  test.each([
    { severity: 'moderate', code: 0 },
    { severity: 'high', code: 1 },
  ])(
    'exits with $code for a $severity vulnerability in a development package, and names it',
    async ({ severity, code }) => {
      const { url } = await startRegistry({ 'minimist@1.2.0': [{ ...pollution, severity }] })
      const project = await makeProject({ devDependencies: { minimist: '1.2.0' } })
      const result = await audit(project, url)
      expect(result).toMatchObject({ code, stdout: expect.stringContaining('GHSA-vh95-rmgr-6w4m') })
    },
  )

  test('passes without one, after a request for every package in the lockfile', async () => {
    const { url, asked } = await startRegistry(known)
    const { code, stdout, stderr } = await audit(await makeProject(), url)
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: '' })
    const [bad = {}, shipped = {}, all = {}] = asked
    expect(bad).toEqual({ minimist: ['1.2.0'] })
    const names = ['hono', '@hono/node-server', 'zod', 'prom-client', 'tdigest', 'bintrees']
    expect(Object.keys(shipped)).toEqual(expect.arrayContaining(names))
    expect(Object.keys(shipped)).not.toContain('vitest')
    expect(Object.keys(all)).toEqual(expect.arrayContaining([...names, 'vitest', 'rolldown']))
  })
})

test.each([
  { what: 'has no such endpoint', habits: { status: 405, body: '' } },
  { what: 'answers with a page', habits: { body: '<html></html>' } },
  { what: 'has no advisory for anything', habits: { body: '{}' } },
  { what: 'answers only once', habits: { since: 1, status: 429, body: '' } },
])('exits with 2 and the reason for a registry that $what', async ({ habits }) => {
  const { url } = await startRegistry(known, habits)
  const { code, stderr } = await audit(await makeProject(), url)
  expect(code).toBe(2)
  expect(stderr).toContain('NOT CHECKED: the registry')
})

test('exits with 2 if npm is offline', async () => {
  const { url } = await startRegistry(known)
  const project = await makeProject()
  await writeFile(join(project, '.npmrc'), 'offline=true\n')
  expect(await audit(project, url)).toMatchObject({ code: 2 })
})
