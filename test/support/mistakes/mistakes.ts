// Mistakes in the deployed resources. Each must be found by its rule, and at its path.
import { expect, test } from 'vitest'
import type { Finding, Path } from '../../../tools/analyze/finding.ts'
import type { Application } from '../../../tools/analyze/model/application.ts'
import type { Rule } from '../../../tools/analyze/rule.ts'
import { application } from '../../../tools/kube/application.ts'
import type { Resource } from '../../../tools/kube/resources.ts'

/** `shownAt`: the place of the finding, if it is not the place of the change. */
export type Change = readonly [resource: string, path: string, value: unknown, shownAt?: string]

/** Rule → mistake → change. */
export type Mistakes = Record<string, Record<string, Change>>

/** Tests that the resources keep each rule, that each mistake is found, and that no rule lacks a mistake. */
export function testRules(
  rules: readonly Rule[],
  mistakes: Mistakes,
  load: () => readonly Resource[],
  judged: Application = application,
): void {
  test('each rule has mistakes', () => {
    expect(Object.keys(mistakes).toSorted()).toEqual(rules.map(({ name }) => name).toSorted())
  })
  for (const { name, title, find } of rules) {
    test(title, () => expect(find(load(), judged)).toEqual([]))
    for (const [mistake, change] of Object.entries(mistakes[name] ?? {})) {
      test(`${title}: finds ${mistake}`, () => {
        const found = find(applyChange(load(), change), judged)
        expect(found).not.toEqual([])
        expect(found.filter((each) => isAt(each, change))).not.toEqual([])
      })
    }
  }
}

/**
 * Returns a copy of `resources` with one value set at a dotted path, e.g. "spec.rules.0", with "~1" for a dot in a name.
 * `undefined` removes the value. A last part "+" appends to a list. The resource "+" adds a resource. Throws if the path
 * does not exist.
 */
export function applyChange(resources: readonly Resource[], change: Change): Resource[] {
  const [name, path, value] = change
  const copy = structuredClone([...resources])
  if (name === '+') return [...copy, value as Resource]
  const index = copy.findIndex((each) => nameOf(each) === name)
  const resource = copy[index]
  if (resource === undefined) throw new Error(`no resource ${name} to change`)
  if (path === '') return copy.toSpliced(index, 1)
  setAt(resource, toPath(path), value)
  return copy
}

/** True if the finding is at the change, around it or in it. */
function isAt({ resource, path }: Finding, [name, changed, , shownAt = changed]: Change): boolean {
  if (resource === undefined) return true
  if (name !== '+' && nameOf(resource) !== name) return false
  const place = toPath(shownAt).filter((part) => part !== '+')
  return place.every((part, index) => index >= path.length || String(path[index]) === part)
}

function nameOf({ kind, metadata }: Resource): string {
  return `${kind}/${metadata.name}`
}

function toPath(dotted: string): string[] {
  return dotted === '' ? [] : dotted.split('.').map((part) => part.replaceAll('~1', '.'))
}

function setAt(parent: unknown, path: Path, value: unknown): void {
  const [part = '', ...rest] = path
  if (typeof parent !== 'object' || parent === null) throw new Error(`nothing at ${part}`)
  const record = parent as Record<string, unknown>
  if (rest.length > 0) setAt(record[part], rest, value)
  else if (part === '+' && Array.isArray(parent)) parent.push(value)
  else if (value === undefined) delete record[part]
  else record[part] = value
}
