// Why a change goes unnoticed: it decides nothing, or what it breaks is seen only when it is applied.

export type Reason = { name: RegExp; reason: string }

export const reasons: readonly Reason[] = [
  {
    name: / metadata\.(labels|annotations)(?!.* set to)/,
    reason: 'no decision depends on it, and GitOps tools add theirs',
  },
]

/** Returns the reason, or undefined. `name`: that of the mutation. */
export function explainUnnoticed(name: string): string | undefined {
  return reasons.find((each) => each.name.test(name))?.reason
}
