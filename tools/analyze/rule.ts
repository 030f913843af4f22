// A rule: a property of the resources that keeps the key in the signer, and how to find what breaks it.

import { application } from '../kube/application.ts'
import type { Resource } from '../kube/resources.ts'
import { type Finding, type Path, UnreadableError } from './finding.ts'
import type { Application } from './model/application.ts'

export type Rule = {
  /** The id that findings show, e.g. "as-released". */
  name: string
  /** The property, as a sentence. */
  title: string
  /** Returns what breaks the rule. Throws UnreadableError. */
  find: (resources: readonly Resource[], application: Application) => Finding[]
  /** It compares with what this version ships. Where another rule has a finding, that one tells more. */
  compares?: true
}

export type RuleFinding = Finding & { rule: string }

/**
 * Applies each rule. An unreadable resource is one finding, however many rules read it. So is a change that a rule and a comparison
 * find. `judged`: the application of CONFIG.
 */
export function applyRules(
  rules: readonly Rule[],
  resources: readonly Resource[],
  judged: Application = application,
): RuleFinding[] {
  const unreadable = new Map<string, RuleFinding>()
  const found = rules.flatMap(({ name, find }) => {
    try {
      return find(resources, judged).map((finding) => ({ ...finding, rule: name }))
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error
      const { resource, path, message } = error.finding
      const key = JSON.stringify([resource?.kind, resource?.metadata.name, path, message])
      unreadable.set(key, { ...error.finding, rule: 'unreadable' })
      return []
    }
  })
  const all = [...found, ...unreadable.values()]
  const comparing = rules.filter(({ compares }) => compares).map(({ name }) => name)
  const others = all.filter(({ rule }) => !comparing.includes(rule))
  return all.filter(
    (each) => !comparing.includes(each.rule) || !others.some((other) => isAtSamePlace(each, other)),
  )
}

/** True if one of the two places is the other one, or is in it. */
function isAtSamePlace(one: Finding, other: Finding): boolean {
  if (one.resource === undefined || one.resource !== other.resource) return false
  const isAbove = (outer: Path, inner: Path) =>
    outer.every((part, index) => String(part) === String(inner[index]))
  return isAbove(one.path, other.path) || isAbove(other.path, one.path)
}
