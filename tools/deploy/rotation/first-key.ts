// The two steps that add the first key of a form. There is no old key to replace.
import { clearAnnotations } from '../keys/key-forms.ts'
import { closingTexts } from './closing-texts.ts'
import type { Action } from './next-step.ts'
import type { RotationState } from './rotation-state.ts'

/** A signer that does not report keys of this form would take the first one for another key, so every Pod must report. */
export function createFirst({ form, newId }: RotationState): Action {
  const data = { [newId]: form.makeKey() }
  const annotations = { ...clearAnnotations(form), [form.annotationNames.nextKey]: newId }
  return {
    kind: 'create',
    awaits: { every: 'reports', id: 'its keys' },
    write: { title: `${newId} is added`, compose: () => ({ data, annotations }) },
  }
}

export function beginWith({ form, primary }: RotationState): Action {
  return {
    kind: 'begin',
    awaits: { every: 'signs with', id: primary },
    write: {
      title: `${primary} is the first ${form.noun}`,
      compose: () => ({ annotations: clearAnnotations(form) }),
    },
    closing: closingTexts[form.name].first(primary),
  }
}
