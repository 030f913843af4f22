// What version 0.1.0 named differently. Pods of both versions run side by side during a rollout, so a frontend of one
// version may call a signer of the other. Version 0.1.0 writes `keyId` where this version writes `key_id`, and it
// refuses fields that it does not know.
// Delete this file in version 0.3.0. Only the header must stay until 0.4.0, because a signer of 0.2.0 reads it.
import * as z from 'zod/mini'

/** A caller that reads `key_id` sends this header with the value SNAKE_CASE. A signer of 0.1.0 ignores it. */
export const JSON_CASE_HEADER = 'x-json-case'
export const SNAKE_CASE = 'snake'

/** Makes a schema that also accepts `keyId` for `key_id`, but not both at once. */
export function acceptKeyId<T extends z.ZodMiniType>(schema: T) {
  return z.pipe(z.transform(renameKeyId), schema)
}

function renameKeyId(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'keyId')) return value
  // The schema refuses `keyId` as an unknown field.
  if (Object.hasOwn(value, 'key_id')) return value
  const { keyId, ...others } = value as Record<string, unknown>
  return { ...others, key_id: keyId }
}

/** Formats an answer as its caller reads it. `jsonCase` is the value of the header. */
export function formatAnswer(body: object, jsonCase: string | undefined): string {
  const json = JSON.stringify(body)
  // This is safe on the text, because JSON escapes each quote in a value.
  return jsonCase === SNAKE_CASE ? json : json.replaceAll('"key_id":', '"keyId":')
}

/** Returns a problem for each environment variable that still has its name of 0.1.0. */
export function findRenamedVariables(environment: NodeJS.ProcessEnv): string[] {
  return Object.keys(environment)
    .filter((name) => /^(FRONTEND|SIGNER)_LINGER_MS$/.test(name))
    .map((name) => `${name}: was renamed, set ${name.replace('LINGER', 'SHUTDOWN_DELAY')} instead`)
}
