// The Makefile and the table of its variables agree. Old and unknown names end with an error before anything runs.
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { listVariables, renamed } from '../../../tools/cli/make-variables.ts'

const makefile = readFileSync(join(CHECKOUT, 'Makefile'), 'utf8')
const targets = [...makefile.matchAll(/^([a-z-]+):.*## /gm)].map(([, name = '']) => name)
const variables = listVariables()

async function make(args: readonly string[], variables: Record<string, string> = {}) {
  // Without MAKELEVEL, make does not print its folder, although `make test` runs this test.
  const env = { ...process.env, MAKEFLAGS: '', MAKELEVEL: '', KUBECONFIG: '', ...variables }
  return tryRun('make', ['--dry-run', ...args], { cwd: CHECKOUT, env })
}

describe('the table of variables', () => {
  test('names the variables that the Makefile accepts', () => {
    const [, names = ''] = /^VARIABLES := ((?:.*\\\n)*.*)$/m.exec(makefile) ?? []
    expect(names.split(/[\s\\]+/)).toEqual(variables.map(({ name }) => name))
  })

  test('names targets that exist', () => {
    const named = variables.flatMap((each) => (each.targets === 'cluster' ? [] : each.targets))
    expect(named.filter((name) => !targets.includes(name))).toEqual([])
  })

  test('names only variables that something reads', async () => {
    const files = ['tools', 'test'].map((folder) =>
      readdir(join(CHECKOUT, folder), { recursive: true, withFileTypes: true }),
    )
    const sources = (await Promise.all(files))
      .flat()
      .filter(
        (entry) =>
          entry.name.endsWith('.ts') && !/^make(-variables|file\.test)\.ts$/.test(entry.name),
      )
      .map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8'))
    const code = (await Promise.all(sources)).join('\n')
    const unread = variables.filter(
      ({ name }) => !code.includes(`'${name}'`) && !makefile.includes(`$(${name})`),
    )
    expect(unread.map(({ name }) => name)).toEqual([])
  })
})

describe('make', () => {
  test('help lists every target and variable in 100 columns', async () => {
    const { stdout } = await tryRun('node', [join(CHECKOUT, 'tools/cli/help.ts')])
    const lines = stdout.split('\n')
    expect(lines.filter((line) => line.length > 100)).toEqual([])
    const names = lines.map((line) => /^ {2}([\w-]+)/.exec(line)?.[1])
    expect(names).toEqual(
      expect.arrayContaining([...targets, ...variables.map(({ name }) => name)]),
    )
  })

  test.each(Object.entries(renamed))('ends for the old name %s and names %s', async (old, name) => {
    const isVariable = old === old.toUpperCase()
    const { code, stdout, stderr } = await make(isVariable ? ['up', `${old}=x`] : ['up', old])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`${old} is now called ${name}`)
  })

  test.each(['undeploy', 'smoke', 'cluster-delete'])('%s refuses DRY_RUN', async (target) => {
    for (const call of [make([target, 'DRY_RUN=yes']), make([target], { DRY_RUN: 'yes' })]) {
      const { code, stdout, stderr } = await call
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain('DRY_RUN works only with deploy, rotate-key and renew-token-keys')
    }
    expect(await make(['deploy', 'DRY_RUN=yes'])).toMatchObject({ code: 0 })
  })

  test('ends for an old name in the environment', async () => {
    const { code, stdout, stderr } = await make(['up'], { IMAGES: 'registry.example/team' })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('IMAGES is now called IMAGE_PREFIX')
  })

  test.each([
    ['COMPONENT', 'COMPONENTS'],
    ['IMAGEPREFIX', 'IMAGE_PREFIX'],
    ['IMAGE', 'IMAGE_PREFIX'],
  ])('ends for the unknown variable %s and suggests %s', async (unknown, known) => {
    const { code, stderr } = await make(['deploy', `${unknown}=x`])
    expect(code).toBe(2)
    expect(stderr).toContain(`There is no variable ${unknown}. Use ${known}`)
  })

  // Otherwise cluster-down stops the local cluster, and cluster-delete deletes its key.
  test.each(['cluster', 'cluster-status', 'cluster-down', 'dev', 'faults'])(
    '%s refuses CLUSTER=kind, because it is for the local cluster',
    async (target) => {
      const { code, stderr } = await make([target, 'CLUSTER=kind'])
      expect(code).toBe(2)
      expect(stderr).toContain(`CLUSTER=kind does not work with ${target}`)
    },
  )

  test('cluster-delete CLUSTER=kind deletes that cluster', async () => {
    const { stdout } = await make(['-n', 'cluster-delete', 'CLUSTER=kind'])
    expect(stdout).toContain('tools/local-cluster/kind.ts delete')
    expect(stdout).not.toContain('down.ts')
  })

  test('ends for an unknown CLUSTER', async () => {
    expect(await make(['up', 'CLUSTER=other'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Use CLUSTER=kind'),
    })
  })

  test('up ends if KUBECONFIG names another cluster, and deploy uses that', async () => {
    const other = { KUBECONFIG: '/home/user/.kube/config' }
    const { code, stdout, stderr } = await make(['up'], other)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('KUBECONFIG names another cluster than the local one')
    expect(await make(['deploy'], other)).toMatchObject({ code: 0 })
    expect(await make(['up', 'CLUSTER=kind'], other)).toMatchObject({ code: 0 })
    const local = { KUBECONFIG: join(CHECKOUT, '.cluster/kubeconfig') }
    expect(await make(['up'], local)).toMatchObject({ code: 0 })
  })

  test.each([
    ['by default the local cluster', {}, 'tools/local-cluster/up.ts'],
    ['with CLUSTER=kind a kind cluster', { CLUSTER: 'kind' }, 'tools/local-cluster/kind.ts'],
  ])('up starts %s, then deploys', async (_, env, program) => {
    const { code, stdout } = await make(['up'], env)
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`${program}\\n[^]*tools/deploy/deploy.ts\\n`))
  })
})
