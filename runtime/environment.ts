// Configuration from environment variables. All problems are reported at once, by name and never by value.
import * as z from 'zod/mini'
import { findRenamedVariables } from './previous-version.ts'

/** The environment does not fit the schema. The message has one `NAME: what is wrong` for each variable. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
}

/** Parses the variables that `schema` names and ignores all others. Throws EnvironmentError. */
export function parseEnvironment<T extends z.ZodMiniObject>(schema: T, env: NodeJS.ProcessEnv) {
  const renamed = findRenamedVariables(env)
  const result = schema.safeParse(env)
  if (result.success && renamed.length === 0)
    return Object.freeze(result.data) as Readonly<z.output<T>>
  // These messages are our own, so no library can quote a value.
  const issues = result.error?.issues ?? []
  const wrong = issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new EnvironmentError([...renamed, ...wrong].join('; '))
}

/** An absolute path. */
export const path = z.string('must be set').check(z.regex(/^\/[^\0]+$/, 'must be an absolute path'))

/** An absolute path, or the word "none" unchanged. */
export const pathOrWord = z
  .string('must be set')
  .check(z.regex(/^(none|\/[^\0]+)$/, 'must be an absolute path, or the word none'))

/** An absolute path, or undefined for the word "none". It has no default, so a forgotten variable disables nothing. */
export const pathOrNone = z.pipe(
  pathOrWord,
  z.transform((text) => (text === 'none' ? undefined : text)),
)

/** A whole number in decimal digits, from `least` to `most`. */
export function integer(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`
  const digits = z.string(message).check(z.regex(/^\d{1,9}$/, message))
  const isInRange = z.refine<number>((value) => value >= least && value <= most, message)
  return z.pipe(digits, z.transform(Number)).check(isInRange)
}
