// promtool runs the alerts over made-up series. Each alert fires in one case and stays quiet in another.

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { tryRun } from '../../../tools/cli/exec.ts'
import { meshedLayouts } from '../../../tools/kube/layouts.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { makeFolder } from '../../support/folder.ts'
import { listDashboardExpressions, readRules } from '../../support/monitoring/expressions.ts'
import { skipUnless } from '../../support/skips.ts'

const folder = join(import.meta.dirname, 'alerts')
const cases = z.object({
  tests: z.array(
    z.object({
      alert_rule_test: z.array(
        z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) }),
      ),
    }),
  ),
})
const rules = await readRules()
const files = await readdir(folder)
const policyKinds = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication']

const program = inject('promtool')
const needsPromtool = skipUnless(program, 'promtool cannot be compiled')

/** Runs promtool in a folder with these files. */
async function promtool(contents: Record<string, string>, ...args: string[]) {
  const work = await makeFolder()
  for (const [name, content] of Object.entries(contents)) {
    await writeFile(join(work, name), content)
  }
  return tryRun(program ?? '', args, { cwd: work })
}

const readCases = (file: string) => readFile(join(folder, file), 'utf8')

test.each(files)(
  'the alerts fire and stay quiet in the cases of %s',
  needsPromtool,
  async (file) => {
    const contents = { 'rules.yaml': stringify(rules), [file]: await readCases(file) }
    const { code, stdout, stderr } = await promtool(contents, 'test', 'rules', file)
    expect(code, stdout + stderr).toBe(0)
  },
)

test('promtool fails if a rule changes', needsPromtool, async () => {
  const changed = stringify(rules).replace('signer_short_keys', 'signer_keys')
  const contents = { 'rules.yaml': changed, 'keys.yaml': await readCases('keys.yaml') }
  const { code, stderr, stdout } = await promtool(contents, 'test', 'rules', 'keys.yaml')
  expect(code).toBe(1)
  expect(stdout + stderr).toContain('SecureSigningKeyTooShort')
})

test('every alert fires in one case, and stays quiet in another', async () => {
  const texts = await Promise.all(files.map(readCases))
  const all = texts.flatMap((text) => cases.parse(parse(text)).tests)
  const checks = all.flatMap((each) => each.alert_rule_test)
  const firing = checks.filter(({ exp_alerts }) => exp_alerts.length > 0)
  const quiet = checks.filter(({ exp_alerts }) => exp_alerts.length === 0)
  const alerts = rules.groups.flatMap((group) => group.rules.flatMap(({ alert }) => alert ?? []))
  for (const which of [firing, quiet]) {
    expect(new Set(which.map(({ alertname }) => alertname))).toEqual(new Set(alerts))
  }
})

describe.each(meshedLayouts)('on the overlay $overlay', (layout) => {
  test('SecureSigningPolicyMissing names every policy resource that is deployed, and the Sidecar', async () => {
    const { resources } = await renderSample([], layout)
    const listNames = (kinds: readonly string[]) =>
      resources.filter(({ kind }) => kinds.includes(kind)).map(({ metadata }) => metadata.name)
    const [named = '', sidecar = ''] = rules.groups
      .flatMap((group) => group.rules)
      .filter(({ alert }) => alert === 'SecureSigningPolicyMissing')
      .map(({ expr }) => expr)
    const wanted = [...named.matchAll(/"policy", "([\w-]+)"/g)].map(([, name]) => name)
    expect(wanted.toSorted()).toEqual(listNames(policyKinds).toSorted())
    const [, name = ''] = /policy="(.*)"/.exec(sidecar) ?? []
    expect(listNames(['Sidecar'])).toContain(name)
  })
})

test('the queries of the dashboard are valid PromQL', needsPromtool, async () => {
  const expressions = await listDashboardExpressions()
  expect(expressions.length).toBeGreaterThan(10)
  const records = expressions.map((expr, index) => ({ record: `panel:${index}`, expr }))
  const contents = { 'rules.yaml': stringify({ groups: [{ name: 'dashboard', rules: records }] }) }
  const { code, stdout, stderr } = await promtool(contents, 'check', 'rules', 'rules.yaml')
  expect(code, stdout + stderr).toBe(0)
})
