// What decides the class of a mutation: a run of the changed resources, not an opinion.
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Mutation } from './mutation.ts'

/**
 * opens: something that the unchanged resources refuse works. weakens: it is still refused, but a control fewer stands.
 * breaks: something that they allow fails. nothing: none of these. The worst one counts.
 */
export const classes = ['opens', 'weakens', 'breaks', 'nothing'] as const
export type Class = (typeof classes)[number]

/** `evidence`: one line, what the run showed, e.g. "Pod of another namespace → POST /sign: 403 policy → 403 pairing". */
export type Verdict =
  | { class: Class; evidence: string }
  /** It cannot be run here. `evidence` is the reason. It never counts as nothing. */
  | { class: 'not run'; evidence: string }

export type Judge = {
  /** What it runs, e.g. "API server". */
  name: string
  /** Returns why it cannot run on this machine. Its mutations are not run then. */
  missing?: () => Promise<string | undefined>
  /** Whether this judge can decide about the mutation. */
  canJudge: (mutation: Mutation) => boolean
  /** Yields a verdict for each mutation, as they come. `resources` are unchanged. */
  judge: (
    resources: readonly Resource[],
    mutations: readonly Mutation[],
  ) => AsyncIterable<readonly [Mutation, Verdict]>
}

/** Returns the worst verdict. One that was not run counts only if nothing was. */
export function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  const order: readonly string[] = [...classes, 'not run']
  return verdicts.toSorted((one, other) => order.indexOf(one.class) - order.indexOf(other.class))[0]
}
