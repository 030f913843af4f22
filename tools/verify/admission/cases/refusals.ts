// Writes cases that one policy refuses.
import type { ResourceChange } from '../change-resource.ts'
import type { AdmissionCase, Attempt, Judge } from './case.ts'

/** `saying`: a part of the refusal. `made`: the signing Pod with changes. `own`: another Pod with the spec `pod`. */
export function refusalsBy(refusedBy: Judge) {
  const refused = (name: string, saying: string, attempt: Attempt): AdmissionCase => {
    return { name, attempt, refusedBy, saying }
  }
  return {
    refused,
    made: (name: string, saying: string, ...changes: ResourceChange[]) =>
      refused(name, saying, { does: 'make', changes }),
    own: (name: string, saying: string, pod: object) =>
      refused(name, saying, { does: 'make', pod }),
  }
}
