// Which rules of `make analyze` notice a change: those with a finding that the unchanged resources do not have.
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rulesOf } from '../../../tools/analyze/rules.ts'
import { noMesh, onePod } from '../../../tools/kube/layouts.ts'
import type { Resource } from '../../../tools/kube/resources.ts'

export type Noticed = { rule: string; message: string }

/** Returns a function that finds what the unchanged resources do not have. */
export function createNotice(unchanged: readonly Resource[], isMeshed: boolean) {
  const rules = rulesOf(isMeshed ? onePod : noMesh)
  const find = (resources: readonly Resource[]) =>
    applyRules(rules, resources).map(({ rule, message }) => ({ rule, message }))
  const before = new Set(find(unchanged).map(({ message }) => message))
  return (resources: readonly Resource[]): Noticed[] =>
    find(resources).filter(({ message }) => !before.has(message))
}
