// A rule: what must hold of the resources for the key to be the signer's alone, and how to find what breaks it.
import type { Resource } from '../kube/resources.ts'
import { type Finding, UnreadableError } from './finding.ts'

export type Rule = {
  /** What findings are marked with, e.g. "strict-mtls". */
  name: string
  /** A plain sentence. */
  title: string
  /** Everything that breaks the rule; nothing if it is kept. Throws UnreadableError. */
  find: (resources: readonly Resource[]) => Finding[]
}

export type Judgement = Finding & { rule: string }

/** Applies each rule. What a rule can't read is one finding, however many rules stumble over it. */
export function applyRules(rules: readonly Rule[], resources: readonly Resource[]): Judgement[] {
  const unreadable = new Map<string, Judgement>()
  const found = rules.flatMap(({ name, find }) => {
    try {
      return find(resources).map((finding) => ({ ...finding, rule: name }))
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
