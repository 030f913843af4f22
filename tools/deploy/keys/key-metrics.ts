// Reads from a signer's metrics which keys it holds.
import type { Form } from '../../../runtime/contract.ts'

/** Ids of the keys of one form. `primary` signs. It is undefined if the signer has no usable key of this form. */
export type HeldKeys = { primary: string | undefined; held: string[] }

/**
 * Reads the gauge `signer_keys{key_id, form, state}`. Returns undefined if the signer is too old to report the keys of this form.
 * All keys of a signer that reports no form are raw ones.
 */
export function parseKeyMetrics(text: string, form: Form = 'raw'): HeldKeys | undefined {
  if (!/^# TYPE signer_keys gauge$/m.test(text) || /^signer_keys /m.test(text)) return undefined
  // Key ids contain no character that the format escapes.
  const all = [...text.matchAll(/^signer_keys\{(.*)\} 1$/gm)].map(([, labels = '']) => ({
    id: /\bkey_id="([A-Za-z0-9._-]+)"/.exec(labels)?.[1],
    form: /\bform="([a-z]+)"/.exec(labels)?.[1],
    state: /\bstate="([a-z]+)"/.exec(labels)?.[1],
  }))
  if (form !== 'raw' && all.some((each) => each.form === undefined)) return undefined
  const samples = all.filter((each) => (each.form ?? 'raw') === form)
  return {
    primary: samples.find(({ state }) => state === 'primary')?.id,
    held: samples.map(({ id }) => id).filter((id) => id !== undefined),
  }
}
