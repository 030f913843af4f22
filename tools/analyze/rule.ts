// A rule: a property of the resources that keeps the key in the signer, and how to find what breaks it.

import { application } from '../kube/application.ts'
import type { Resource } from '../kube/resources.ts'
import { type Finding, UnreadableError } from './finding.ts'
import type { Application } from './model/application.ts'

export type Rule = {
  /** The id that findings show, e.g. "strict-mtls". */
  name: string
  /** The property, as a sentence. */
  title: string
  /** Returns what breaks the rule. Throws UnreadableError. */
  find: (resources: readonly Resource[], application: Application) => Finding[]
}

export type RuleFinding = Finding & { rule: string }

/** Applies each rule. An unreadable resource is one finding, however many rules read it. `judged`: the application of CONFIG. */
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
  return [...found, ...unreadable.values()]
}
