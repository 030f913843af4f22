// Mistakes in the deployed resources. Each must be found by its rule, and at its path.
import { expect, test } from 'vitest'
import type { Finding } from '../../../tools/analyze/finding.ts'
import type { Application } from '../../../tools/analyze/model/application.ts'
import type { Rule } from '../../../tools/analyze/rule.ts'
import { application } from '../../../tools/kube/application.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { changeResource, toPath } from '../../../tools/verify/admission/change-resource.ts'

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

/** Returns a copy of `resources` with one change, see changeResource. The resource "+" adds a resource. */
export function applyChange(resources: readonly Resource[], change: Change): Resource[] {
  const [name, path, value] = change
  if (name === '+') return [...resources, value as Resource]
  const index = resources.findIndex((each) => nameOf(each) === name)
  const resource = resources[index]
  if (resource === undefined) throw new Error(`no resource ${name} to change`)
  return path === ''
    ? resources.toSpliced(index, 1)
    : resources.with(index, changeResource(resource, [path, value]))
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
